//! What a login was begun on, as coarsely as its owner needs to know it again: a browser and a system.
//!
//! Closed lists: there is no word for a version or a model, so none can be kept.

use crate::error::ErrorCode;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$word_doc])* $variant,)+ }

        impl $name {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            fn parse(word: &str) -> Result<Self, ErrorCode> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word).ok_or(ErrorCode::InvalidDevice)
            }
        }
    };
}

words!(
    /// The program that a person uses.
    Browser {
        /// Google's, and its relatives that do not say who they are.
        Chrome = "Chrome",
        /// Microsoft's.
        Edge = "Edge",
        /// Mozilla's.
        Firefox = "Firefox",
        /// Opera's.
        Opera = "Opera",
        /// Apple's.
        Safari = "Safari",
        /// Samsung's.
        SamsungInternet = "Samsung Internet",
        /// Another one.
        Other = "Browser",
        /// A client of its own.
        App = "App",
        /// A program that nobody sits in front of.
        Bot = "Bot",
    }
);

words!(
    /// What it runs on.
    System {
        /// A phone or tablet.
        Android = "Android",
        /// A Chromebook.
        ChromeOs = "ChromeOS",
        /// A tablet of Apple's.
        Ipad = "iPad",
        /// A phone of Apple's.
        Iphone = "iPhone",
        /// A computer with Linux.
        Linux = "Linux",
        /// A computer of Apple's.
        MacOs = "macOS",
        /// A computer with Windows.
        Windows = "Windows",
        /// Something else.
        Other = "another system",
    }
);

/// "Firefox on Linux".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// The program.
    pub browser: Browser,
    /// What it runs on.
    pub system: System,
}

impl Device {
    /// Reads the words.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidDevice`] for any but those of the lists.
    pub fn parse(words: &str) -> Result<Self, ErrorCode> {
        let (browser, system) = words.split_once(" on ").ok_or(ErrorCode::InvalidDevice)?;
        Ok(Self { browser: Browser::parse(browser)?, system: System::parse(system)? })
    }

    /// The words.
    #[must_use]
    pub fn words(self) -> String {
        [self.browser.as_str(), " on ", self.system.as_str()].concat()
    }

    /// The words for what a `User-Agent` tells, as far as it is one of the lists.
    #[must_use]
    pub fn of_user_agent(agent: &str) -> Self {
        let has = |mark: &str| agent.contains(mark);
        // Most name themselves after those whose pages they want to be given: the last to come is asked for first.
        let browser = if has("Edg") {
            Browser::Edge
        } else if has("OPR/") || has("OPT/") {
            Browser::Opera
        } else if has("SamsungBrowser/") {
            Browser::SamsungInternet
        } else if has("Firefox/") || has("FxiOS/") {
            Browser::Firefox
        } else if has("Chrome/") || has("CriOS/") {
            Browser::Chrome
        } else if has("Safari/") {
            Browser::Safari
        } else {
            Browser::Other
        };
        let system = if has("Android") {
            System::Android
        } else if has("iPhone") {
            System::Iphone
        } else if has("iPad") {
            System::Ipad
        } else if has("CrOS") {
            System::ChromeOs
        } else if has("Windows") {
            System::Windows
        } else if has("Macintosh") {
            System::MacOs
        } else if has("Linux") {
            System::Linux
        } else {
            System::Other
        };
        Self { browser, system }
    }
}
