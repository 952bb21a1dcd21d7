//! Snapshots of the code that the attributes of hosts generate.

use quote::quote;

use super::{MemberKind, ServiceKind, expand_member, expand_service};
use crate::pretty::pretty;

#[test]
fn a_struct_becomes_a_service() {
    let generated = expand_service(
        ServiceKind::Service,
        quote!(name = "users", version = "2.0.0"),
        &quote! {
            #[metrics(prefix = "users_")]
            struct UserService<T: Clone> {
                #[inject]
                db: T,
                #[metric_field]
                ratio: Gauge,
            }
        },
    );
    insta::assert_snapshot!(pretty(&generated));
}

#[test]
fn an_impl_tells_its_methods_their_type() {
    let generated = expand_service(
        ServiceKind::Service,
        quote!(),
        &quote! {
            impl UserService {
                #[action]
                #[metrics(skip)]
                fn skipped(&self) {}

                #[event_handler("user.updated")]
                #[metrics(skip)]
                fn updated(&self) {}
            }
        },
    );
    insta::assert_snapshot!(pretty(&generated));
}

#[test]
fn an_action_is_linked() {
    let generated = expand_member(
        MemberKind::Action,
        quote!("get", path = "users/{id}", cache(enabled = true, ttl = 60)),
        quote! {
            #[metrics(skip)]
            fn get_user(id: u64) -> u64 {
                id
            }
        },
    );
    insta::assert_snapshot!(pretty(&generated));
}

#[test]
fn a_job_is_linked() {
    let generated = expand_member(
        MemberKind::Job,
        quote!(schedule = "*/5 * * * *"),
        quote! {
            #[metrics(skip)]
            fn clean() {
                const __RUNAR_OTEL_OF: &str = "Cleaner";
            }
        },
    );
    insta::assert_snapshot!(pretty(&generated));
}
