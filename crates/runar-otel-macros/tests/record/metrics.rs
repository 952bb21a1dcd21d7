//! The module `metrics` of the crate `runar-otel`, on core alone.

#![allow(unused_macros, unused_imports, reason = "each test uses some of them")]

macro_rules! increment { ($($given:tt)*) => { ::runar_otel_macros::increment! { [::runar_otel_core] $($given)* } } }
macro_rules! decrement { ($($given:tt)*) => { ::runar_otel_macros::decrement! { [::runar_otel_core] $($given)* } } }
macro_rules! set { ($($given:tt)*) => { ::runar_otel_macros::set! { [::runar_otel_core] $($given)* } } }
macro_rules! observe { ($($given:tt)*) => { ::runar_otel_macros::observe! { [::runar_otel_core] $($given)* } } }
macro_rules! timer { ($($given:tt)*) => { ::runar_otel_macros::timer! { [::runar_otel_core] $($given)* } } }
macro_rules! add_label { ($($given:tt)*) => { ::runar_otel_macros::add_label! { [::runar_otel_core] $($given)* } } }

pub(crate) use {add_label, decrement, increment, observe, set, timer};
