//! The sandbox over real HTTP, as any client would meet it.

#[cfg(test)]
mod apify;
#[cfg(test)]
mod control;
#[cfg(test)]
mod error_forms;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod harvest_access;
#[cfg(test)]
mod harvest_entries;
#[cfg(test)]
mod harvest_lists;
#[cfg(test)]
mod linkedin;
#[cfg(test)]
mod linkedin_connections;
#[cfg(test)]
mod linkedin_pages;
#[cfg(test)]
mod linkedin_prices;
#[cfg(test)]
mod linkedin_rows;
#[cfg(test)]
mod linkedin_search;
#[cfg(test)]
mod seed_examples;
#[cfg(test)]
mod support;
#[cfg(test)]
mod transport;
