//! Which pieces of a text with commas are one place: a state or a country belongs to the place before it.
use super::place_names::{country_of, is_called_region, is_city_of, is_city_state, is_continent, is_country};

/// Puts together what belongs together.
pub(crate) fn join(pieces: &[&str]) -> Vec<String> {
    let mut places: Vec<Place> = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        let next = pieces.get(index + 1);
        let same = places.last().is_some_and(|place| place.text.eq_ignore_ascii_case(piece));
        let kind = match kind(piece) {
            // "New York" is a state only behind itself, or where its country is told, too.
            PieceKind::Region(_)
                if is_city(piece) && !same && !next.is_some_and(|next| kind(next) == PieceKind::Country) =>
            {
                PieceKind::Place
            }
            // "São Paulo, São Paulo, Brazil", "Kyiv, Kyiv City, Ukraine", "Cork, County Cork, Ireland".
            PieceKind::Place
                if next.is_some_and(|next| kind(next) == PieceKind::Country)
                    && places
                        .last()
                        .is_some_and(|place| is_called_region(piece) || begins_with(piece, &place.text)) =>
            {
                PieceKind::Region("")
            }
            PieceKind::Place if same && is_city_state(&piece.to_lowercase()) => PieceKind::Country,
            kind => kind,
        };
        match places.last_mut() {
            Some(place) if place.takes(kind, piece) => place.add(kind, piece),
            _ => places.push(Place { text: (*piece).to_owned(), head: kind, region: None, country: false }),
        }
    }
    places.into_iter().map(|place| place.text).collect()
}

/// Whether a text that was read as one place could be two: it begins with what is a state, too ("New York, Texas"), or with two
/// names of which the second is only called like a part of a country ("Berlin, Ruhr Region, Germany").
pub(crate) fn could_be_two(text: &str) -> bool {
    let mut pieces = text.split(',').map(str::trim);
    let (first, second) = (pieces.next().unwrap_or_default(), pieces.next().unwrap_or_default());
    let is_more = pieces.next().is_some();
    let names_a_state = |piece: &str| country_of(&piece.to_lowercase()).is_some();
    let are_states = names_a_state(first) && names_a_state(second) && !first.eq_ignore_ascii_case(second);
    let is_of_first = second.to_lowercase().contains(&first.to_lowercase());
    let is_called_so = !names_a_state(second) && is_called_region(second) && !is_of_first;
    if is_more { is_called_so } else { are_states }
}

/// What a piece is by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PieceKind {
    Place,
    /// A state or the like, with its country in small letters; nothing where only two letters are known.
    Region(&'static str),
    Country,
    /// A part of the world that is larger than a country: no part of another place, and none of it.
    World,
}

struct Place {
    text: String,
    head: PieceKind,
    /// The country of its state, where it has one.
    region: Option<&'static str>,
    country: bool,
}

impl Place {
    fn takes(&self, kind: PieceKind, piece: &str) -> bool {
        match (self.head, kind) {
            (_, PieceKind::Place | PieceKind::World) | (PieceKind::Country | PieceKind::World, _) => false,
            (PieceKind::Place, PieceKind::Region(_)) => self.region.is_none() && !self.country,
            (PieceKind::Region(_), PieceKind::Region(_)) => false,
            (PieceKind::Place, PieceKind::Country) => {
                let (city, country) = (self.text.to_lowercase(), piece.to_lowercase());
                let fits = self.region.map_or(is_city_of(&city, &country), |of| is_in(of, &country));
                !self.country && fits
            }
            (PieceKind::Region(of), PieceKind::Country) => !self.country && is_in(of, &piece.to_lowercase()),
        }
    }

    fn add(&mut self, kind: PieceKind, piece: &str) {
        self.text.push_str(", ");
        self.text.push_str(piece);
        if let PieceKind::Region(of) = kind {
            self.region = Some(of);
        }
        self.country |= kind == PieceKind::Country;
    }
}

/// Whether a state of one country may stand before the name of this one.
fn is_in(of: &str, country: &str) -> bool {
    let united = ["us", "usa", "united states", "united states of america"];
    of.is_empty()
        || of == country
        || country.len() == 2
        || (united.contains(&of) && united.contains(&country))
        || (of == "united kingdom" && ["uk", "great britain"].contains(&country))
}

fn kind(piece: &str) -> PieceKind {
    let name = piece.to_lowercase();
    if is_continent(&name) {
        return PieceKind::World;
    }
    if is_country(&name) {
        return PieceKind::Country;
    }
    match country_of(&name) {
        Some(country) => PieceKind::Region(country),
        // A code of a state or of a country, as after "San Francisco" or "Berlin".
        None if name.len() == 2 && name.bytes().all(|b| b.is_ascii_lowercase()) => PieceKind::Region(""),
        None => PieceKind::Place,
    }
}

/// Whether a piece is a name and something behind it.
fn begins_with(piece: &str, name: &str) -> bool {
    let (piece, name) = (piece.to_lowercase(), name.to_lowercase());
    piece.strip_prefix(&name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// Whether the name of a state is first of all that of a city.
fn is_city(piece: &str) -> bool {
    ["new york", "washington"].contains(&piece.to_lowercase().as_str())
}
