use super::*;

fn written(text: &str) -> String {
    Page::read(text).map(|page| page.written()).unwrap_or_default()
}

#[test]
fn what_people_paste_is_one_address() {
    let person = "https://www.linkedin.com/in/jürgen-x";
    for text in [
        person,
        "https://www.linkedin.com/in/j%C3%BCrgen-x",
        "http://www.linkedin.com/in/j%c3%bcrgen-x",
        "HTTPS://WWW.LinkedIn.com:443/in/jürgen-x#about",
        "www.linkedin.com/in/jürgen-x",
        " https://www.linkedin.com/in/jürgen-x,\n",
        "(https://www.linkedin.com/in/jürgen-x).",
        "<www.linkedin.com/in/jürgen-x>",
        "https://www.linkedin.com/in/jürgen-x)",
    ] {
        assert_eq!(written(text), person, "{text}");
    }
    assert_eq!(written(person), person);
    let comment =
        "https://www.linkedin.com/feed/update/urn:li:activity:1?commentUrn=urn:li:comment:(activity:1,2)";
    assert_eq!(written(&format!("{comment})")), comment);
    assert_eq!(
        written("linkedin.com/company/acme/?a=%28b%29"),
        "https://linkedin.com/company/acme/?a=%28b%29"
    );
    let folded = "https://www.linkedin.com/feed/update/urn%3Ali%3Aactivity%3A1/";
    assert_eq!(written(folded), "https://www.linkedin.com/feed/update/urn:li:activity:1/");
}

#[test]
fn signs_of_a_title_stay_escaped_and_old_addresses_are_todays() {
    for (given, expected) in [
        (
            "ch.linkedin.com/jobs/view/80-100%25-at-acme-4462147346",
            "https://ch.linkedin.com/jobs/view/80-100%25-at-acme-4462147346",
        ),
        (
            "www.linkedin.com/jobs/view/c%23-engineer-at-acme-3780474203/",
            "https://www.linkedin.com/jobs/view/c%23-engineer-at-acme-3780474203/",
        ),
        (
            "www.linkedin.com/jobs/view/a-...-at-acme-378",
            "https://www.linkedin.com/jobs/view/a-...-at-acme-378",
        ),
        ("www.linkedin.com/in/jane-doe%2C-mba-1a2b", "https://www.linkedin.com/in/jane-doe%2C-mba-1a2b"),
        (
            "www.linkedin.com/feed/update/activity:7235/",
            "https://www.linkedin.com/feed/update/urn:li:activity:7235/",
        ),
        ("www.linkedin.com/mwlite/profile/in/ann", "https://www.linkedin.com/in/ann"),
        ("www.linkedin.com/organization-guest/company/acme", "https://www.linkedin.com/company/acme"),
        ("www.linkedin.com/company-beta/24997541/", "https://www.linkedin.com/company/24997541/"),
        ("www.linkedin.com/groups?gid=2400973&trk=x", "https://www.linkedin.com/groups/2400973"),
    ] {
        assert_eq!(written(given), expected, "{given}");
        assert_eq!(written(expected), expected, "once is enough");
    }
}

#[test]
fn what_is_no_page_of_linkedin_is_none() {
    for text in [
        "",
        "https://linkedin.com.evil.example/in/ann",
        "https://notlinkedin.com/in/ann",
        "https://user@www.linkedin.com/in/ann",
        "https://www.linkedin.com:8443/in/ann",
        "ftp://www.linkedin.com/in/ann",
        "https://www.linkedin.com/in//ann",
        "https://www.linkedin.com/in/a%2Fb",
        "https://www.linkedin.com/in/a b",
        "https://www.linkedin.com/in/ann-of-the-…",
        "https://www.linkedin.com/in/ann-of-the...",
        "https://www.linkedin.com\\@evil.example/in/ann",
    ] {
        assert!(Page::read(text).is_err(), "{text}");
    }
    // Without the full stops of the sentence around it, it shows nobody.
    assert!(!Page::read("https://www.linkedin.com/in/..").unwrap().shows(Shows::Person));
    let hidden = Page::read("https://www.linkedin.com/in/ann\u{200e}").err();
    assert_eq!(hidden, Some(Fault::Unseen("U+200E".into())));
}

#[test]
fn pages_show_one_thing() {
    let all = [Shows::Person, Shows::Company, Shows::Job, Shows::Group, Shows::Post, Shows::Comment];
    let more = [Shows::Ad, Shows::AdSearch, Shows::SalesSearch];
    for (path, expected) in [
        ("in/ann/details/skills/", &[Shows::Person][..]),
        ("school/mit", &[Shows::Company]),
        ("jobs/view/lamplighter-at-acme-4390000001", &[Shows::Job]),
        ("jobs/search/?currentJobId=4390000001&keywords=x", &[Shows::Job]),
        ("jobs/search/?keywords=x", &[]),
        ("groups/99", &[Shows::Group]),
        ("posts/ann_x-activity-1-y", &[Shows::Post]),
        ("feed/update/urn:li:share:1", &[Shows::Post]),
        ("video/live/urn:li:ugcPost:1/", &[Shows::Post]),
        (
            "feed/update/urn:li:activity:1?commentUrn=urn%3Ali%3Acomment%3A%28activity%3A1%2C2%29",
            &[Shows::Post, Shows::Comment],
        ),
        ("feed/update/urn:li:groupPost:1-2", &[Shows::Post]),
        ("feed/update/urn:li:activity:", &[]),
        ("feed/update/urn:li:activity:undefined", &[]),
        ("feed/update/urn:li:person:abc", &[]),
        ("in/undefined", &[]),
        ("in/me", &[]),
        ("comm/in/jane-doe?trk=eml", &[Shows::Person]),
        ("mwlite/in/jane-doe", &[Shows::Person]),
        ("IN/jane-doe", &[Shows::Person]),
        ("comm/jobs/view/4390000001", &[Shows::Job]),
        ("posts/undefined", &[]),
        ("posts/jane", &[]),
        ("posts/jane-doe_lamps-ugcPost-7123-AbCd", &[Shows::Post]),
        ("pulse/undefined", &[]),
        ("feed/?highlightedUpdateUrn=urn%3Ali%3Aactivity%3A7123", &[Shows::Post]),
        ("feed/update/urn:li:activity:1?commentUrn=undefined", &[Shows::Post]),
        ("feed/update/urn:li:activity:1?commentUrn=urn:li:comment:(activity:1,undefined)", &[Shows::Post]),
        ("ad-library/detail/undefined", &[]),
        ("ad-library/search?keyword=", &[]),
        ("ad-library/search?accountOwner=undefined", &[]),
        ("sales/search/people?query=", &[]),
        ("sales/search/people?query=(filters%3AList())", &[]),
        ("sales/search/people?query=(spellCorrectionEnabled:true)&viewAllFilters=true", &[]),
        ("sales/search/people?query=(spellCorrectionEnabled:true,keywords:lamps)", &[Shows::SalesSearch]),
        ("sales/search/people?savedSearchId=7", &[Shows::SalesSearch]),
        ("company/null", &[]),
        ("company/unavailable", &[]),
        ("groups/Discover", &[]),
        ("in/unavailable/", &[]),
        ("feed/update/ugcPost:7235", &[Shows::Post]),
        ("ad-library/detail/abc", &[]),
        ("ad-library/detail/990000901", &[Shows::Ad]),
        ("in/jane-doe%2C-mba-1a2b", &[Shows::Person]),
        ("in/jane-doe,mba", &[]),
        ("groups/undefined", &[]),
        ("sales/search/company?query=(a:b)", &[]),
        ("sales/search/people", &[]),
        ("feed/", &[]),
        ("feed/hashtag/lamps", &[]),
        ("company/acme/posts/", &[Shows::Company]),
        ("ad-library/detail/990000901", &[Shows::Ad]),
        ("ad-library/search?keyword=x", &[Shows::AdSearch]),
        ("ad-library/search", &[]),
        ("in/ann?commentUrn=urn%3Ali%3Acomment%3A%28activity%3A1%2C2%29", &[Shows::Person]),
        ("sales/search/people?query=(a:b)", &[Shows::SalesSearch]),
        ("sales/lists/people/7", &[Shows::SalesSearch]),
        ("sales/lead/ACwAA,NAME", &[]),
        ("sales/company/1", &[]),
        ("sales/home", &[]),
        ("sales/search", &[]),
        ("mynetwork/", &[]),
    ] {
        let page =
            Page::read(&format!("https://www.linkedin.com/{path}")).unwrap_or_else(|e| panic!("{e:?}"));
        let shown: Vec<Shows> = all.into_iter().chain(more).filter(|what| page.shows(*what)).collect();
        assert_eq!(shown, expected, "{path}");
    }
    assert!(is_comment("urn:li:comment:(activity:1,2)") && is_comment("7440000000000000101"));
    assert!(!is_comment("x") && !is_comment("urn:li:activity:1") && !is_comment("urn:li:comment:"));
}
