//! A few bytes cost little: what an input costs grows no faster than its size, and a bad one costs less than a good one.
use std::fmt::Write as _;
use std::hint::black_box;

use granary_convert::{parse_input_text, struct_to_json, tool_input_struct};
use granary_proto::granary::harvest::v1::ListTimeEntriesResponse;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};

use super::input_of;

/// A message as large as the gateway takes by default.
const LARGEST: usize = 3_800_000;
/// An answer whose messages fit where the ones before were, so that no new pages of memory are paid for.
const ANSWER: usize = 900_000;
/// How often the size doubles from the smaller of two inputs to the larger. Over one doubling alone, the place where an input
/// no longer fits a processor's cache looks like growth: 3.2 was seen for what is linear.
const DOUBLINGS: u32 = 6;
/// What the cost may grow by with each doubling; what is quadratic grows by four.
const GROWTH: f64 = 2.5;
/// Below it a measurement is noise, in milliseconds of processor time.
const NOISE: f64 = 3.0;
/// What the largest input may cost, in milliseconds of processor time: a hundred times less than where each unknown key
/// is compared with each field.
const MOST: f64 = 100.0;
const TRIES: usize = 5;
/// A measurement is over after so many milliseconds of processor time, or so many runs.
const ENOUGH: f64 = 60.0;
const RUNS: u32 = 1000;

/// Makes an input of about so many bytes.
type Shape = fn(usize) -> String;
/// The same, with what it remembers.
type Made = Box<dyn Fn(usize) -> String>;

/// Which of two inputs is run.
#[derive(Clone, Copy)]
enum Size {
    Small,
    Large,
}

impl Size {
    fn of<T>(self, [small, large]: &[T; 2]) -> &T {
        match self {
            Self::Small => small,
            Self::Large => large,
        }
    }
}

/// The two sizes that are compared where the larger is so large.
fn sizes(largest: usize) -> [usize; 2] {
    [largest >> DOUBLINGS, largest]
}

/// Milliseconds that this thread has spent on a processor.
fn spent() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanos: f64 = text.split_whitespace().next().unwrap().parse().unwrap();
    nanos / 1e6
}

/// Processor time of one run, as the mean of so many that the ticks of the clock, 4 ms on some systems, matter little.
fn cost(run: &dyn Fn()) -> f64 {
    // The first run pays for new pages of memory.
    run();
    let (begin, mut runs) = (spent(), 0_u32);
    while runs < RUNS && spent() - begin < ENOUGH {
        run();
        runs += 1;
    }
    (spent() - begin) / f64::from(runs)
}

/// Compares the cost of an input with that of one some doublings smaller; whatever disturbs a run may do so four times.
fn is_linear(what: &str, most: f64, run: &dyn Fn(Size)) {
    let mut told = String::new();
    for _ in 0..TRIES {
        let (small, large) = (cost(&|| run(Size::Small)), cost(&|| run(Size::Large)));
        let times = 1 << DOUBLINGS;
        writeln!(told, "{what}: {small:.2} ms, and {large:.1} ms for {times} times the size").unwrap();
        if large <= most && (large <= NOISE || large <= GROWTH.powf(DOUBLINGS.into()) * small) {
            print!("{told}");
            return;
        }
    }
    panic!("{told}");
}

/// As many pieces as make up the size, between two ends.
fn filled(size: usize, ends: (&str, &str), piece: impl Fn(usize) -> String) -> String {
    let mut text = ends.0.to_owned();
    let mut number = 0;
    while text.len() < size {
        text.push_str(&piece(number));
        text.push(',');
        number += 1;
    }
    text.pop();
    text.push_str(ends.1);
    text
}

#[test]
fn what_a_bad_input_costs_grows_no_faster_than_its_size() {
    let leads = input_of("search_leads");
    let shapes: [(&str, Shape); 12] = [
        ("unknown keys", |size| {
            filled(size, ("{", "}"), |n| format!(r#""{}{n:06}":0"#, "abcdefgh".repeat(7)))
        }),
        ("one key again and again", |size| filled(size, ("{", "}"), |_| r#""search":"x""#.to_owned())),
        ("objects with a key twice", |size| {
            filled(size, (r#"{"x":["#, "]}"), |_| r#"{"a":1,"a":2}"#.to_owned())
        }),
        ("deep nests", |size| format!("{}0{}", r#"{"a":"#.repeat(size / 6), "}".repeat(size / 6))),
        ("many deep nests", |size| {
            filled(size, (r#"{"x":["#, "]}"), |_| format!("{}0{}", "[".repeat(60), "]".repeat(60)))
        }),
        ("a long list", |size| filled(size, (r#"{"current_job_titles":["#, "]}"), |_| r#""a""#.to_owned())),
        ("a long list of nonsense", |size| filled(size, (r#"{"page":["#, "]}"), |_| "{}".to_owned())),
        ("places as one text", |size| filled(size, (r#"{"locations":""#, r#""}"#), |_| "a".to_owned())),
        ("titles as one text", |size| {
            filled(size, (r#"{"current_job_titles":""#, r#""}"#), |_| "a b".to_owned())
        }),
        ("one long text", |size| format!(r#"{{"search":"{}"}}"#, r"é\n".repeat(size / 4))),
        ("one long key", |size| format!(r#"{{"{}":1}}"#, "kK_".repeat(size / 3))),
        ("long keys beneath one another", |size| {
            let key = format!(r#"{{"{}":"#, "k".repeat(size / 60));
            format!("{}0{}", key.repeat(60), "}".repeat(60))
        }),
    ];
    for (what, text) in shapes {
        let texts = sizes(LARGEST).map(text);
        is_linear(what, MOST, &|size| {
            black_box(parse_input_text(&leads, size.of::<String>(&texts)).unwrap_err());
        });
    }
}

#[test]
fn what_a_structure_costs_grows_no_faster_than_its_size() {
    let company = input_of("get_company");
    let nulls = |size: usize| {
        let null = Value { kind: Some(Kind::NullValue(0)) };
        let list = ListValue { values: vec![null; size / 4] };
        Struct { fields: [("a".to_owned(), Value { kind: Some(Kind::ListValue(list)) })].into() }
    };
    let structures = sizes(LARGEST).map(nulls);
    is_linear("a structure of nulls", 10.0 * MOST, &|size| {
        // The copy costs as much as what it is for.
        let structure = size.of(&structures).clone();
        black_box(tool_input_struct(&company, structure).unwrap_err());
    });
    is_linear("a structure as JSON", 20.0 * MOST, &|size| {
        black_box(struct_to_json(size.of(&structures).clone()));
    });
}

#[test]
fn what_an_answer_costs_grows_no_faster_than_its_size() {
    let row = |n: usize| {
        format!(
            r#"{{"id":{n},"hours":1.25,"notes":"{}","user":{{"id":1,"name":"A"}},"new":[1,2]}}"#,
            "n".repeat(120)
        )
    };
    let shapes: [(&str, Made); 4] = [
        ("rows", Box::new(move |size| filled(size, (r#"{"time_entries":["#, "]}"), row))),
        ("empty rows", Box::new(|size| filled(size, (r#"{"time_entries":["#, "]}"), |_| "{}".to_owned()))),
        ("unknown keys", Box::new(|size| filled(size, ("{", "}"), |n| format!(r#""k{n}":0"#)))),
        ("a key twice in each row", {
            let row = r#"{"id":1,"notes":"a","notes":"b"}"#;
            Box::new(move |size| filled(size, (r#"{"time_entries":["#, "]}"), |_| row.to_owned()))
        }),
    ];
    for (what, text) in shapes {
        let texts = sizes(ANSWER).map(text);
        is_linear(what, 5.0 * MOST, &|size| {
            let _ = black_box(granary_convert::decode_lenient::<ListTimeEntriesResponse>(
                size.of::<String>(&texts),
            ));
        });
    }
}

#[test]
fn keys_that_stand_twice_at_every_level_are_read_twice_at_most() {
    use granary_proto::granary::linkedin::v1::PostComment;
    let mut comment = r#"{"id":"0"}"#.to_owned();
    for level in 1..19 {
        comment = format!(r#"{{"replies":[{comment}],"id":"a","id":"{level}"}}"#);
    }
    let begin = spent();
    let read: PostComment = granary_convert::decode_lenient(&comment).unwrap();
    assert_eq!(read.id.as_deref(), Some("18"));
    assert!(spent() - begin < MOST, "{} ms", spent() - begin);
}
