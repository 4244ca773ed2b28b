//! Readable names for people and rooms that came without one: "Quiet Heron", "Paper Harbour".
//!
//! Draws nothing itself: the random bytes are handed in, and every byte is worth one word of 128, so all are as likely.

use protocol::{DisplayName, RoomName};

/// Words in each list.
const WORDS: usize = 128;

/// Kind things to be called.
const ADJECTIVES: &str = "
    Agile Airy Amber Amiable Artful Autumn Azure Balmy Blithe Bold Brave Breezy Bright Brisk Bronze Bubbly Calm
    Candid Careful Caring Cheerful Chipper Civil Clear Clever Copper Coral Cordial Cosmic Cosy Crisp Curious
    Dapper Daring Deft Dewy Dreamy Eager Early Earnest Easy Elegant Fabled Fair Faithful Fancy Fearless Festive
    Fleet Fluent Fond Frank Free Fresh Friendly Frosty Gallant Generous Gentle Gifted Glad Gleaming Golden
    Graceful Grand Happy Hardy Hazel Hearty Helpful Honest Hopeful Humble Indigo Ivory Jaunty Jolly Jovial Keen
    Kind Lively Lofty Loyal Lucid Lucky Lunar Mellow Merry Mild Mindful Misty Modest Neat Nimble Noble Olive
    Patient Peaceful Pearly Placid Playful Plucky Polite Proud Quick Quiet Radiant Ready Restful Robust Rosy
    Rustic Sage Scarlet Serene Silver Sincere Snug Spry Steady Sunny Swift Tender Tidy Upbeat Velvet Warm Witty
";

/// Who one may be for a day.
const ANIMALS: &str = "
    Alpaca Antelope Avocet Axolotl Badger Beaver Bison Bittern Blackbird Bluebird Bobcat Bullfinch Bunting Camel
    Capybara Caribou Cat Chaffinch Chamois Cheetah Chickadee Chinchilla Cormorant Cougar Crane Cricket Curlew
    Deer Dingo Dolphin Dormouse Dove Dragonfly Duck Dunlin Eagle Egret Eider Elk Ermine Falcon Fawn Ferret Finch
    Firefly Flamingo Fox Frog Gannet Gazelle Gecko Giraffe Goldfinch Goose Grebe Grouse Gull Hare Harrier Hawk
    Hedgehog Heron Hoopoe Horse Ibex Ibis Impala Jackdaw Jaguar Jay Kestrel Kingfisher Kite Kiwi Koala Lapwing
    Lark Lemur Leopard Linnet Llama Lynx Magpie Mallard Manatee Marmot Marten Martin Meerkat Merlin Mole Moose
    Moth Newt Nightjar Ocelot Okapi Oriole Osprey Otter Owl Panda Partridge Pelican Penguin Petrel Pheasant
    Pigeon Pipit Plover Puffin Quail Rabbit Raven Redstart Robin Salmon Sandpiper Seal Sparrow Starling Stork
    Swallow Swan Tern Thrush Wren Yak
";

/// What a place may be made of, or look like.
const MATERIALS: &str = "
    Alder Almond Amber Apple Apricot Aspen Bamboo Barley Basalt Beech Birch Blossom Bluebell Bramble Brass Brick
    Bronze Butter Candle Canvas Caramel Cedar Chalk Cherry Chestnut Cinnamon Clay Clover Cobalt Cocoa Copper
    Coral Cork Cotton Crystal Daisy Denim Driftwood Ebony Elder Elm Ember Feather Felt Fern Fig Flax Flint
    Foxglove Garnet Ginger Glass Gorse Granite Harvest Hawthorn Hazel Heather Hemp Holly Honey Ink Iris Ivory
    Ivy Jade Jasmine Juniper Kelp Lace Lantern Larch Laurel Lavender Lemon Lichen Lilac Lime Linden Linen Lotus
    Mahogany Maple Marble Marigold Mint Mist Moonlit Moss Mulberry Myrtle Nettle Oak Oat Olive Opal Orchid Paper
    Parchment Pearl Pebble Peppermint Pine Plum Poppy Porcelain Quartz Quince Rain Reed Rose Rowan Saffron Sage
    Sand Satin Shell Silk Slate Snow Spruce Starlit Thistle Thyme Velvet Violet Walnut Willow
";

/// Where people like to meet.
const PLACES: &str = "
    Abbey Alcove Anchorage Arbour Arcade Atelier Attic Avenue Balcony Barn Basin Bay Beach Beacon Boathouse
    Bookshop Bower Bridge Brook Burrow Cabin Camp Canal Canopy Canyon Castle Causeway Circle Cliff Cloister
    Coast Common Copse Corner Cottage Court Cove Creek Crossing Dale Deck Delta Den Dock Dune Estuary Farm Ferry
    Field Fjord Ford Forest Fountain Gallery Garden RateLimit Glade Glen Grange Grotto Grove Hall Hamlet Harbour
    Haven Hearth Heath Hedge Hideout Hill Hollow House Inlet Inn Island Jetty Kitchen Knoll Lagoon Lake Landing
    Lane Ledge Library Lighthouse Lodge Loft Lookout Manor Market Meadow Mill Moor Nest Nook Oasis Observatory
    Orchard Outpost Parlour Park Passage Path Pavilion Pier Plaza Pond Porch Quay Ridge River Shelter Shore
    Spring Square Station Studio Summit Terrace Tower Trail Valley Veranda Village Wharf Wood Workshop Yard
";

/// A name for a guest.
pub fn display_name([first, second]: [u8; 2]) -> DisplayName {
    let name = format!("{} {}", word(ADJECTIVES, first), word(ANIMALS, second));
    DisplayName::parse(&name).expect("the words of the lists make display names, as the test of them all shows")
}

/// A name for a room.
pub fn room_name([first, second]: [u8; 2]) -> RoomName {
    let name = format!("{} {}", word(MATERIALS, first), word(PLACES, second));
    RoomName::parse(&name).expect("the words of the lists make room names, as the test of them all shows")
}

fn word(list: &'static str, random: u8) -> &'static str {
    list.split_ascii_whitespace().nth(usize::from(random) % WORDS).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{ADJECTIVES, ANIMALS, MATERIALS, PLACES, WORDS, display_name, room_name};

    #[test]
    fn every_list_has_its_words_once() {
        for list in [ADJECTIVES, ANIMALS, MATERIALS, PLACES] {
            let words: HashSet<_> = list.split_ascii_whitespace().collect();
            assert_eq!(words.len(), WORDS);
            assert_eq!(list.split_ascii_whitespace().count(), WORDS);
            assert!(words.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_alphabetic())));
        }
    }

    #[test]
    fn every_pair_is_a_name_of_its_own() {
        let (mut people, mut rooms) = (HashSet::new(), HashSet::new());
        for first in 0..128 {
            for second in 0..128 {
                let person = display_name([first, second]);
                // Room for the number that tells two apart.
                assert!(person.as_str().len() <= 26, "{} is long", person.as_str());
                people.insert(person);
                rooms.insert(room_name([first, second]));
            }
        }
        assert_eq!((people.len(), rooms.len()), (WORDS * WORDS, WORDS * WORDS));
    }

    #[test]
    fn a_byte_beyond_the_list_wraps_evenly() {
        assert_eq!(display_name([255, 128]), display_name([127, 0]));
        assert_eq!(display_name([0, 0]).as_str(), "Agile Alpaca");
        assert_eq!(room_name([0, 0]).as_str(), "Alder Abbey");
    }
}
