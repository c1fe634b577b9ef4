//! Every documented field of a profile, as plain structs that are read strictly.
#![allow(dead_code, reason = "they are filled, and that is all")]
use serde::Deserialize;

macro_rules! strict {
    ($($name:ident { $($field:ident: $type:ty),* $(,)? })*) => {
        $(#[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $name {
            $(pub(crate) $field: Option<$type>,)*
        })*
    };
}

strict! {
    Profile {
        id: String, public_identifier: String, linkedin_url: String, first_name: String, last_name: String,
        headline: String, about: String, open_to_work: bool, hiring: bool, premium: bool, influencer: bool,
        memorialized: bool, creator: bool, verified: bool, photo: String, emails: Vec<EmailDetail>,
        websites: Vec<String>, company_websites: Vec<CompanyWebsite>, registered_at: String, top_skills: Vec<String>,
        connections_count: i64, follower_count: i64, location: Location, object_urn: String,
        current_position: Vec<Experience>, profile_top_education: Vec<Education>, profile_picture: Picture,
        cover_picture: Picture, primary_locale: PrimaryLocale, experience: Vec<Experience>,
        education: Vec<Education>, certifications: Vec<Certification>, projects: Vec<Project>,
        volunteering: Vec<Volunteering>, received_recommendations: Vec<Recommendation>, skills: Vec<Skill>,
        publications: Vec<Publication>, courses: Vec<Course>, patents: Vec<Patent>, honors_and_awards: Vec<Honor>,
        languages: Vec<Language>, organizations: Vec<Organization>, causes: Vec<String>, featured: Vec<Empty>,
        services: Services, more_profiles: Vec<MoreProfile>, interests: Vec<Interest>, compose_option_type: String,
        profile_actions: Vec<serde_json::Value>,
    }
    EmailDetail {
        email: String, deliverable: bool, disposable: bool, catch_all_domain: bool, valid_email_server: bool,
        free: bool, found_in_google_search: bool, status: String, quality_score: i64,
    }
    CompanyWebsite { url: String, domain: String, valid_email_server: bool }
    Location { linkedin_text: String, country_code: String, parsed: ParsedLocation }
    ParsedLocation {
        text: String, country_code: String, region_code: String, country: String, country_full: String,
        state: String, city: String,
    }
    PrimaryLocale { country: String, language: String }
    Picture { url: String, sizes: Vec<PictureSize> }
    PictureSize { url: String, width: i64, height: i64 }
    DatePart { month: String, year: i32, text: String }
    Experience {
        position: String, location: String, employment_type: String, workplace_type: String, company_name: String,
        company_linkedin_url: String, company_id: String, company_universal_name: String, duration: String,
        description: String, skills: Vec<String>, experience_group_id: String, start_date: DatePart,
        end_date: DatePart, company_logo: Picture,
    }
    Education {
        school_name: String, school_linkedin_url: String, school_id: String, degree: String, field_of_study: String,
        skills: Vec<String>, start_date: DatePart, end_date: DatePart, period: String, school_logo: Picture,
    }
    Certification {
        title: String, issued_at: String, link: String, issued_by: String, issued_by_link: String,
        issued_by_logo: Picture,
    }
    Project {
        title: String, duration: String, start_date: DatePart, end_date: DatePart, associated_with: String,
        associated_with_link: String, description: String, contributors: Vec<Contributor>,
    }
    Contributor { linkedin_url: String }
    Volunteering {
        role: String, organization_name: String, duration: String, start_date: DatePart, end_date: DatePart,
    }
    Recommendation { given_by: String, given_at: String, given_by_link: String, description: String }
    Skill { name: String, positions: Vec<String>, endorsements: String }
    Publication { title: String, published_at: String, description: String, link: String }
    Course { title: String, associated_with: String, associated_with_link: String }
    Patent { title: String, number: String, issued_at: String, description: String, url: String }
    Honor { title: String, issued_by: String, issued_at: String, description: String, associated_with: String }
    Language { name: String, proficiency: String }
    Organization {
        name: String, position_held: String, description: String, dates: String, company_linkedin_url: String,
        logo: Picture,
    }
    Services {
        description: String, media: Vec<Empty>, services_list: Vec<String>, rating: String, request_url: String,
    }
    MoreProfile {
        id: String, first_name: String, last_name: String, position: String, public_identifier: String,
        linkedin_url: String,
    }
    Interest { interest_name: String, elements: Vec<InterestElement> }
    InterestElement { title: String, subtitle: String, link: String, caption: String, image: Picture }
    Empty {}
}
