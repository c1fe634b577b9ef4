use super::*;
use crate::Secret;

fn told(value: &str) -> String {
    let credential = Credential::ApifyToken { token: Secret::new(value.to_owned()) };
    match credential.pasted() {
        Ok(_) => String::new(),
        Err(faults) => {
            assert!(faults.iter().all(|f| f.field == "apify_token.token"));
            faults.into_iter().map(|f| f.description).collect()
        }
    }
}

#[test]
fn what_is_no_credential_is_told_by_its_form_and_not_repeated() {
    for (value, expected) in [
        ("\"apify_api_hush\"", "quotes"),
        ("'apify_api_hush", "quotes"),
        ("“hush”", "quotes"),
        ("APIFY_TOKEN=apify_api_hush", "name"),
        ("li_at=AQEDhush==", "name"),
        ("export TOKEN=hush", "name"),
        ("Bearer hush", "Bearer"),
        ("authorization: hush", "header"),
        ("X-API-Key: hush", "header"),
        ("x-api-key:hush", "header"),
        ("Bearer:hush", "header"),
        ("undefined", "missing"),
        ("None", "missing"),
        ("[object Object]", "missing"),
        ("N/A", "missing"),
        ("********", "hidden"),
        ("hush••••••••", "hidden"),
        ("xxxxxxxx", "hidden"),
        ("https://id.getharvest.com/hush", "address"),
        ("YOUR_HUSH_HERE", "variable"),
        ("your-token", "variable"),
        ("PASTE TOKEN HERE", "variable"),
        ("API_KEY", "variable"),
        ("process.env.HUSH", "variable"),
        ("?token=hush", "variable"),
        ("changeme", "missing"),
        ("hush...", "hidden"),
        ("${APIFY_TOKEN}", "variable"),
        ("$APIFY_TOKEN", "variable"),
        ("{{ apify.token }}", "variable"),
        ("${{ secrets.HUSH }}", "variable"),
        ("<your token>", "variable"),
        ("%APIFY_TOKEN%", "variable"),
        ("{\"access_token\":\"hush\"}", "JSON"),
        ("[{\"name\":\"li_at\",\"value\":\"hush\"}]", "JSON"),
        ("hush\nhush", "several lines"),
        ("hush\u{200b}hush", "cannot be seen"),
    ] {
        let told = told(value);
        assert!(told.contains(expected), "{value}: {told}");
        assert!(!told.contains("hush"), "{told}");
    }
    for value in
        ["apify_api_Ab12", "AQEDATxyz-_09", "123.pt.a-b_c", "dGVzdA==", "a$b%c", "eyJh.eyJi.c2ln", "xX-_..9"]
    {
        assert_eq!(told(value), "", "{value}");
    }
}

#[test]
fn a_proxy_is_a_url_or_a_host_with_a_port() {
    for good in [
        "http://u:p@proxy:1",
        "http://user:canary-proxy-88@proxy.example:8080",
        "socks5h://proxy.example",
        "proxy.example:8080",
        "u:p@10.0.0.1:3128",
        "[::1]:3128",
        "http://[::1]",
        "https://u:p%40@proxy.example:8080/",
    ] {
        assert_eq!(wrong_proxy(good), None, "{good}");
    }
    for bad in [
        "proxy.example",
        "{\"name\":\"li_at\"}",
        "ftp://proxy.example",
        "10.0.0.1:3128:user:password",
        "http://",
        "proxy.example:0",
        "proxy.example:99999",
        "PROXY=http://proxy.example:1",
        "\"http://proxy.example:1\"",
        "${PROXY}",
    ] {
        assert!(wrong_proxy(bad).is_some(), "{bad}");
    }
    for url in ["http://203.0.113.7:8080:user:pass", "http://proxy.example.com:99999"] {
        assert!(wrong_proxy(url).is_some_and(|told| told.contains("HOST:PORT")), "{url}");
    }
    let header = wrong("li_at=AQEDx; JSESSIONID=\"ajax:1\"");
    assert!(header.is_some_and(|told| told.contains("begins with a name")), "{header:?}");
    let session = Credential::LinkedinSession {
        li_at: Secret::new("li_at=x".into()),
        proxy: Some(Secret::new("nothing".into())),
        user_agent: Some("User-Agent: Mozilla/5.0".into()),
    };
    assert_eq!(session.pasted().unwrap_err().len(), 3);
}
