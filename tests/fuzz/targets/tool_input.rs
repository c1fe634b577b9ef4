//! What an agent gives a tool as JSON: a line with the method's name, then the input.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some((rpc, input)) = text.split_once('\n') else { return };
    let table = granary_proto::policy_table().expect("the contract");
    let Some(method) = table.methods().iter().find(|method| method.name() == rpc) else { return };
    let desc = method.descriptor.input();
    match granary_convert::parse_input_text(&desc, input) {
        Ok(message) => {
            let json = granary_convert::to_json(&message);
            let again = granary_convert::parse_input(&desc, &json).expect("our own form of it is taken");
            assert_eq!(granary_convert::to_json(&again), json, "our own form of it reads as something else");
        }
        Err(error) => assert!(!error.violations().is_empty(), "refused without a fault: {error:?}"),
    }
});
