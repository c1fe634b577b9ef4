//! Names of countries and of the states in them, in small letters, parted by bars: as many as people write after a city.

/// Countries, by the names that are in use. Codes of two letters are known without a table, but for the commonest.
const COUNTRIES: &str = "\
    us|usa|uk|uae|eu|united states|united states of america|united kingdom|great britain|\
    united arab emirates|afghanistan|albania|algeria|andorra|angola|argentina|armenia|australia|austria|\
    azerbaijan|bahamas|bahrain|bangladesh|barbados|belarus|belgium|belize|benin|bhutan|bolivia|\
    bosnia and herzegovina|botswana|brazil|brasil|brunei|bulgaria|burkina faso|burundi|cambodia|cameroon|\
    canada|cape verde|chad|chile|china|colombia|costa rica|croatia|cuba|cyprus|czech republic|czechia|\
    denmark|deutschland|dominican republic|ecuador|egypt|el salvador|españa|estonia|eswatini|ethiopia|fiji|\
    finland|france|gabon|gambia|germany|ghana|greece|guatemala|guinea|guyana|haiti|honduras|hungary|iceland|\
    india|indonesia|iran|iraq|ireland|israel|italia|italy|ivory coast|jamaica|japan|jordan|kazakhstan|kenya|\
    kosovo|kuwait|kyrgyzstan|laos|latvia|lebanon|lesotho|liberia|libya|liechtenstein|lithuania|madagascar|\
    malawi|malaysia|maldives|mali|malta|mauritania|mauritius|mexico|méxico|moldova|mongolia|montenegro|\
    morocco|mozambique|myanmar|namibia|nepal|netherlands|the netherlands|new zealand|nicaragua|niger|\
    nigeria|north macedonia|norway|oman|österreich|pakistan|palestine|panama|papua new guinea|paraguay|peru|\
    philippines|poland|portugal|puerto rico|qatar|romania|russia|rwanda|saudi arabia|schweiz|senegal|serbia|\
    sierra leone|slovakia|slovenia|somalia|south africa|south korea|korea|spain|sri lanka|sudan|suriname|\
    sweden|switzerland|syria|taiwan|tajikistan|tanzania|thailand|togo|trinidad and tobago|tunisia|turkey|\
    türkiye|turkmenistan|uganda|ukraine|uruguay|uzbekistan|venezuela|vietnam|yemen|zambia|zimbabwe|hong kong sar|hong kong sar china|macau sar|macao sar|\
    aruba|bermuda|british virgin islands|cayman islands|curaçao|faroe islands|french guiana|gibraltar|\
    greenland|guadeloupe|guam|guernsey|isle of man|jersey|martinique|réunion|us virgin islands";

/// Parts of the world: whatever stands behind them is no part of their name.
const CONTINENTS: &str = "\
    africa|apac|asia|asia pacific|australasia|benelux|caribbean|central america|central europe|dach|\
    eastern europe|emea|europe|european union|gcc|global|latam|latin america|mena|middle east|nordics|\
    north america|northern europe|oceania|scandinavia|south america|south asia|southeast asia|\
    southern europe|western europe|worldwide";

/// Cities that are countries: a second time after themselves they are the country.
const CITY_STATES: &str =
    "singapore|hong kong|luxembourg|monaco|macau|macao|san marino|vatican city|djibouti";

/// States and the like, under the country that they belong to.
const REGIONS: &[(&str, &str)] = &[
    (
        "united states",
        "\
         alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|district of columbia|d.c.|\
         florida|georgia|hawaii|idaho|illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland|\
         massachusetts|michigan|minnesota|mississippi|missouri|montana|nebraska|nevada|new hampshire|\
         new jersey|new mexico|new york|north carolina|north dakota|ohio|oklahoma|oregon|pennsylvania|\
         rhode island|south carolina|south dakota|tennessee|texas|utah|vermont|virginia|washington|\
         west virginia|wisconsin|wyoming",
    ),
    (
        "canada",
        "\
         alberta|british columbia|manitoba|new brunswick|newfoundland and labrador|nova scotia|ontario|\
         prince edward island|quebec|québec|saskatchewan",
    ),
    (
        "united kingdom",
        "\
         england|scotland|wales|northern ireland",
    ),
    (
        "australia",
        "\
         new south wales|nsw|victoria|queensland|western australia|south australia|tasmania|\
         australian capital territory|northern territory",
    ),
    (
        "germany",
        "\
         baden-württemberg|baden-wuerttemberg|bavaria|bayern|brandenburg|hesse|hessen|lower saxony|\
         niedersachsen|mecklenburg-vorpommern|north rhine-westphalia|nordrhein-westfalen|\
         rhineland-palatinate|rheinland-pfalz|saarland|saxony|sachsen|saxony-anhalt|schleswig-holstein|\
         thuringia|thüringen",
    ),
    (
        "india",
        "\
         andhra pradesh|assam|bihar|chhattisgarh|goa|gujarat|haryana|himachal pradesh|jharkhand|karnataka|\
         kerala|madhya pradesh|maharashtra|odisha|punjab|rajasthan|tamil nadu|telangana|uttar pradesh|\
         uttarakhand|west bengal",
    ),
    (
        "france",
        "\
         île-de-france|ile-de-france|auvergne-rhône-alpes|provence-alpes-côte d'azur|occitanie|\
         nouvelle-aquitaine|brittany|bretagne|normandy|normandie|grand est|hauts-de-france",
    ),
    (
        "spain",
        "\
         andalusia|catalonia|cataluña|community of madrid|basque country|galicia",
    ),
    (
        "italy",
        "\
         lombardy|lazio|piedmont|tuscany|veneto|campania|emilia-romagna|sicily",
    ),
    (
        "netherlands",
        "\
         north holland|south holland|north brabant|gelderland|flevoland|limburg|friesland",
    ),
    (
        "poland",
        "\
         mazowieckie|małopolskie|dolnośląskie|wielkopolskie|pomorskie|śląskie",
    ),
    (
        "ireland",
        "\
         county dublin|leinster|munster|connacht|ulster",
    ),
    (
        "brazil",
        "\
         minas gerais|paraná|rio grande do sul|santa catarina|bahia|pernambuco",
    ),
    (
        "mexico",
        "\
         jalisco|nuevo león|nuevo leon|yucatán|baja california",
    ),
    (
        "china",
        "\
         anhui|fujian|gansu|guangdong|guangxi|guizhou|hainan|hebei|heilongjiang|henan|hubei|hunan|\
         inner mongolia|jiangsu|jiangxi|jilin|liaoning|shaanxi|shandong|shanxi|sichuan|yunnan|zhejiang",
    ),
    (
        "south africa",
        "\
         western cape|eastern cape|northern cape|gauteng|kwazulu-natal|limpopo|mpumalanga",
    ),
    (
        "switzerland",
        "\
         aargau|basel-landschaft|basel-stadt|graubünden|thurgau|ticino|valais|vaud",
    ),
    (
        "japan",
        "\
         aichi|hokkaido|hyogo|kanagawa",
    ),
    ("greece", "attiki"),
    ("finland", "uusimaa|pirkanmaa"),
    ("estonia", "harjumaa|harju"),
    ("austria", "styria|tyrol|upper austria|lower austria|carinthia"),
    ("norway", "viken|vestland|rogaland|trøndelag"),
    ("indonesia", "west java|east java|central java|banten"),
    ("colombia", "antioquia|cundinamarca|valle del cauca"),
];

/// Whether it is the name of a country.
pub(crate) fn is_country(name: &str) -> bool {
    has(COUNTRIES, name)
}

/// Whether it is a part of the world that is larger than a country.
pub(crate) fn is_continent(name: &str) -> bool {
    has(CONTINENTS, name)
}

/// Whether it is a city that a country's name may stand behind: its own, or that of the state that it belongs to.
pub(crate) fn is_city_of(city: &str, country: &str) -> bool {
    let is_of_china = matches!(city, "hong kong" | "macau" | "macao") && country.contains("china");
    !is_city_state(city) || is_of_china || country.starts_with(city) || country.len() == 2
}

/// Whether it is called as parts of a country are: "County Cork", "Stockholm County", "Capital Region of Denmark".
pub(crate) fn is_called_region(name: &str) -> bool {
    let name = name.to_lowercase();
    const BEHIND: [&str; 9] = [
        " county",
        " region",
        " province",
        " prefecture",
        " oblast",
        " governorate",
        " canton",
        " district",
        " department",
    ];
    const BEFORE: [&str; 8] = [
        "county ",
        "province of ",
        "state of ",
        "region of ",
        "canton of ",
        "capital region",
        "federal territory",
        "national capital",
    ];
    BEHIND.iter().any(|word| name.ends_with(word)) || BEFORE.iter().any(|word| name.starts_with(word))
}

/// Whether it is a city that is a country, too.
pub(crate) fn is_city_state(name: &str) -> bool {
    has(CITY_STATES, name)
}

/// The country of a state.
pub(crate) fn country_of(state: &str) -> Option<&'static str> {
    REGIONS.iter().find(|(_, states)| has(states, state)).map(|(country, _)| *country)
}

/// Whether a name is one of those that stand between bars.
pub(crate) fn has(names: &str, name: &str) -> bool {
    names.split('|').any(|known| known == name)
}
