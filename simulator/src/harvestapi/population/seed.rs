//! Numbers and texts that rows are computed from.

/// A number that looks random and is the same on every machine (the mix of splitmix64). `salt` tells apart what is
/// asked about one row.
pub(crate) fn mix(salt: u64, n: u64) -> u64 {
    let mut z = n.wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The same for a text (FNV-1a).
pub(crate) fn mix_text(text: &str) -> u64 {
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    mix(0, text.bytes().fold(0xcbf2_9ce4_8422_2325, fold))
}

/// An element of a list that is not empty; numbers beyond its end start over.
pub(crate) fn pick<T: Copy>(list: &[T], number: u64) -> T {
    list[usize::try_from(number).unwrap_or(0) % list.len()]
}

/// Lower-case words with dashes between them, as they stand in URLs.
pub(crate) fn dashed(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '.'], "-")
}

/// `12840` as `12,840`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_have_commas() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
