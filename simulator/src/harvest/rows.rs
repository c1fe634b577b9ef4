//! How the objects of an account look on the wire.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Value, json};

use super::account::{Account, Client, Person, Project, Task};
use super::caller::Caller;
use crate::decimal::Decimal;

/// A project on the wire.
#[derive(Serialize)]
pub(super) struct ProjectRow<'a> {
    id: u64,
    client: ClientRef<'a>,
    name: &'a str,
    code: Option<&'a str>,
    is_active: bool,
    is_billable: bool,
    is_fixed_fee: bool,
    bill_by: &'a str,
    hourly_rate: Option<Decimal>,
    budget: Option<Decimal>,
    budget_by: &'a str,
    budget_is_monthly: bool,
    notify_when_over_budget: bool,
    over_budget_notification_percentage: Decimal,
    over_budget_notification_date: Option<Date>,
    show_budget_to_all: bool,
    cost_budget: Option<Decimal>,
    cost_budget_include_expenses: bool,
    fee: Option<Decimal>,
    notes: Option<&'a str>,
    starts_on: Option<Date>,
    ends_on: Option<Date>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize)]
pub(super) struct ClientRef<'a> {
    id: u64,
    name: &'a str,
    currency: &'a str,
}

#[derive(Serialize)]
pub(super) struct ProjectRef<'a> {
    pub(super) id: u64,
    pub(super) name: &'a str,
    pub(super) code: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Named<'a> {
    pub(super) id: u64,
    pub(super) name: &'a str,
}

#[derive(Serialize)]
pub(super) struct PersonRow<'a> {
    id: u64,
    first_name: &'a str,
    last_name: &'a str,
    email: String,
    telephone: &'a str,
    timezone: &'a str,
    has_access_to_all_future_projects: bool,
    is_contractor: bool,
    is_active: bool,
    weekly_capacity: u32,
    default_hourly_rate: Option<Decimal>,
    cost_rate: Option<Decimal>,
    roles: &'a [&'a str],
    access_roles: &'a [&'a str],
    avatar_url: &'a str,
    created_at: Timestamp,
    updated_at: Timestamp,
}

pub(super) fn project<'a>(account: &'a Account, project: &'a Project) -> ProjectRow<'a> {
    let fixed = project.fee.is_some();
    ProjectRow {
        id: project.id,
        client: client_ref(account, project),
        name: project.name,
        code: project.code,
        is_active: project.is_active,
        is_billable: project.is_billable,
        is_fixed_fee: fixed,
        bill_by: project.bill_by,
        hourly_rate: project.hourly_rate,
        budget: project.budget,
        budget_by: project.budget_by,
        budget_is_monthly: false,
        notify_when_over_budget: project.budget_by != "none",
        over_budget_notification_percentage: Decimal::new(80, 0),
        over_budget_notification_date: project.over_budget_on,
        show_budget_to_all: false,
        cost_budget: project.cost_budget,
        cost_budget_include_expenses: fixed,
        fee: project.fee,
        notes: project.notes,
        starts_on: project.starts_on,
        ends_on: project.ends_on,
        created_at: project.created_at,
        updated_at: project.updated_at,
    }
}

pub(super) fn client_ref<'a>(account: &'a Account, project: &Project) -> ClientRef<'a> {
    let Client { id, name, currency } = &account.clients[project.client];
    ClientRef { id: *id, name, currency }
}

pub(super) fn project_ref(project: &Project) -> ProjectRef<'_> {
    ProjectRef { id: project.id, name: project.name, code: project.code }
}

pub(super) fn person<'a>(account: &'a Account, caller: Caller, place: usize) -> PersonRow<'a> {
    let person = &account.people[place];
    let own_role = place == caller.person;
    PersonRow {
        id: person.id,
        first_name: person.first,
        last_name: person.last,
        email: format!("{}.{}@example.com", person.first, person.last).to_lowercase(),
        telephone: person.telephone,
        timezone: person.timezone,
        has_access_to_all_future_projects: false,
        is_contractor: person.is_contractor,
        is_active: person.is_active,
        weekly_capacity: person.weekly_capacity,
        default_hourly_rate: person.hourly_rate.filter(|_| caller.sees_billable_rates(account)),
        cost_rate: person.cost_rate.filter(|_| caller.is_administrator()),
        roles: person.roles,
        access_roles: if own_role { caller.access(person) } else { person.access },
        avatar_url: "https://cache.example.com/avatars/fixture-01.png",
        created_at: person.created_at,
        updated_at: person.updated_at,
    }
}

pub(super) fn full_name(person: &Person) -> String {
    format!("{} {}", person.first, person.last)
}

pub(super) fn company(account: &Account) -> Value {
    let domain = format!("sandbox-account-{}.harvestapp.com", account.id);
    json!({
        "base_uri": format!("https://{domain}"),
        "full_domain": domain,
        "name": account.name,
        "is_active": true,
        "week_start_day": "Monday",
        "wants_timestamp_timers": account.timestamp_timers,
        "time_format": "hours_minutes",
        "date_format": "%Y-%m-%d",
        "plan_type": "simple-v4",
        "expense_feature": true,
        "invoice_feature": true,
        "estimate_feature": true,
        "approval_feature": false,
        "team_feature": true,
        "clock": "12h",
        "currency_code_display": "iso_code_none",
        "currency_symbol_display": "symbol_before",
        "decimal_symbol": ".",
        "thousands_separator": ",",
        "color_scheme": "blue",
        "weekly_capacity": 126_000,
    })
}

pub(super) fn task(task: &Task, made: Option<Timestamp>) -> Value {
    json!({
        "id": task.id,
        "name": task.name,
        "billable_by_default": task.billable,
        "default_hourly_rate": null,
        "is_default": false,
        "is_active": true,
        "created_at": made,
        "updated_at": made,
    })
}

pub(super) fn client(client: &Client, made: Option<Timestamp>) -> Value {
    json!({
        "id": client.id,
        "name": client.name,
        "is_active": true,
        "address": null,
        "statement_key": null,
        "currency": client.currency,
        "created_at": made,
        "updated_at": made,
    })
}
