//! Metered functions: their declarations, owners, services, and the series that their calls feed.

pub(crate) mod address_map;
pub(crate) mod append_list;
pub(crate) mod family;
pub(crate) mod family_handles;
pub(crate) mod function;
pub(crate) mod label_values;
pub(crate) mod metered_function;
pub(crate) mod outcome_handles;
pub(crate) mod service;
pub(crate) mod service_handles;
pub(crate) mod service_of_impl;
pub(crate) mod site;
pub(crate) mod type_name;
pub(crate) mod unused_services;

pub use self::{
    function::{Function, Role},
    service::{MeteredService, NoService, Owner, Probe, SERVICES, ServiceMeta},
    service_of_impl::has_metrics,
    site::{SITES, Site},
    unused_services::{idle_services, message as idle_message},
};
