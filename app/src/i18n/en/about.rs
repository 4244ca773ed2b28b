//! What the page about the product says, in English.

pub(super) const ABOUT: &[(&str, &[&str])] = &[
    (
        "What is promised",
        &[
            "A message goes at most once to each connection that is in the room when it is sent. Everyone in a room sees the \
             messages in one order, the sender too.",
            "The tick beside your message means: accepted and relayed. It does not mean read.",
            "No message text and no guest's name is ever written to disk, to the database or to a log. A room's code is \
             written to the database only, where it names the room.",
            "If you missed something you are told how many messages, or \u{201c}possibly some\u{201d} after a restart of the \
             server. You never see a silent hole. A drop of up to 30 seconds normally loses nothing.",
            "Who is inside is right within a second of a closed connection, and within 45 seconds of a silent one.",
        ],
    ),
    (
        "What is kept",
        &[
            "Of a guest: a random number and the time it ends. The name travels in your cookie, not in the database.",
            "Of an account: the user name, the display name, a hash of the password, and your logins: last used by the hour, \
             and on which browser and system, without versions. A guest who becomes one gets another name, so that what the \
             guest was called stays unwritten.",
            "Of a room: its code, name, size, times, a hash of the PIN, and who belongs to it. All of it goes when the room \
             ends: with the last one who leaves, after ten minutes with nobody inside, or when its time is over.",
            "In your own tab, and only where you tick it: what you wrote and did not send, until a reload brings it back.",
            "One cookie for your seat, and one for the theme if you choose one. No third party is asked for anything.",
        ],
    ),
    (
        "What is not kept",
        &[
            "Messages. The server relays them and has no place to put them. Who joins later sees nothing that was said before.",
            "For up to 30 seconds after your connection drops, the server holds what you would have missed, in memory only.",
            "Addresses are used to slow down abuse, in memory only, and are not written to the log.",
        ],
    ),
    (
        "What cannot be promised",
        &[
            "Whoever runs this server can read messages while they are relayed, if they change the program to do so. Rooms \
             made on its pages are not end-to-end encrypted. Talk on a server that you trust, or run your own: it is one file.",
            "The others in the room can copy, photograph or repeat what you say. No page can prevent that.",
            "Your network and the server's see that you are connected, and when.",
            "Anyone with the link can enter, and the PIN if there is one. Send both only to people you want inside.",
        ],
    ),
];
