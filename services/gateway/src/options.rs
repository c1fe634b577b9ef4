//! The caller's options on a call, parsed: nothing else of the caller's metadata is passed on.
use granary_formats::money;
use granary_rpc::metadata::name;
use granary_rpc::{Error, Violation, trace};
use http::{HeaderMap, HeaderName};

/// Copies the options that are well-formed; an ill-formed one is a fault.
pub(crate) fn pass_on(from: &HeaderMap, to: &mut HeaderMap) -> Result<(), Error> {
    let mut faults = Vec::new();
    for &(option, fits, shape) in &OPTIONS {
        let mut values = from.get_all(option).iter();
        let Some(value) = values.next() else { continue };
        if values.next().is_none() && fits(value.as_bytes()) {
            to.insert(option.clone(), value.clone());
        } else {
            faults.push(Violation {
                field: option.as_str().to_owned(),
                description: format!("must stand once, as {shape}"),
            });
        }
    }
    // A trace context that is not well-formed is dropped, as its specification asks; so is what belongs to it.
    if let Some(value) = from.get(&name::TRACEPARENT).filter(|value| trace::is_parent(value)) {
        to.insert(name::TRACEPARENT.clone(), value.clone());
        if let Some(state) = from.get(&name::TRACESTATE).filter(|value| trace::is_carried(value)) {
            to.insert(name::TRACESTATE.clone(), state.clone());
        }
    }
    for carried in [&name::BAGGAGE, &name::X_REQUEST_ID] {
        if let Some(value) = from.get(carried).filter(|value| trace::is_carried(value)) {
            to.insert(carried.clone(), value.clone());
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

type Check = fn(&[u8]) -> bool;

static OPTIONS: [(&HeaderName, Check, &str); 3] = [
    (&name::MAX_COST, dollars, "US dollars in decimal digits, such as 0.01"),
    (&name::BUDGET, token, "1 to 128 visible characters"),
    (&name::IDEMPOTENCY_KEY, token, "1 to 128 visible characters"),
];

fn dollars(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|text| money::cap(text).is_some())
}

fn token(value: &[u8]) -> bool {
    (1..=128).contains(&value.len()) && value.iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use granary_rpc::metadata;
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_trace_and_what_belongs_to_it_are_passed_on_where_well_formed() {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let all = [
            (metadata::TRACEPARENT, parent),
            (metadata::TRACESTATE, "vendor=1"),
            (metadata::BAGGAGE, "shop=7"),
            ("x-request-id", "order-4711"),
        ];
        let mut from: HeaderMap = all
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let passed = |from: &HeaderMap| {
            let mut to = HeaderMap::new();
            pass_on(from, &mut to).unwrap();
            to
        };
        assert_eq!(passed(&from), from);
        let long = HeaderValue::try_from("b".repeat(20_000)).unwrap();
        from.insert(metadata::BAGGAGE, long);
        assert_eq!(passed(&from).len(), 3, "what is too long is left out");
        from.insert(metadata::TRACEPARENT, HeaderValue::from_static("nonsense"));
        assert_eq!(passed(&from).len(), 1, "without its parent, a state says nothing");
    }

    #[test]
    fn options_are_passed_on_only_where_well_formed() {
        let mut from = HeaderMap::new();
        from.insert(metadata::MAX_COST, HeaderValue::from_static("0.01"));
        from.insert("x-else", HeaderValue::from_static("1"));
        from.insert(metadata::TRACEPARENT, HeaderValue::from_static("nonsense"));
        let mut to = HeaderMap::new();
        pass_on(&from, &mut to).unwrap();
        assert_eq!(to.len(), 1);
        from.insert(metadata::MAX_COST, HeaderValue::from_static("1e9"));
        from.append(metadata::BUDGET, HeaderValue::from_static("a"));
        from.append(metadata::BUDGET, HeaderValue::from_static("b"));
        let error = pass_on(&from, &mut to).unwrap_err();
        assert_eq!(error.reason(), granary_rpc::Reason::InvalidInput);
        assert_eq!(error.violations().len(), 2);
    }
}
