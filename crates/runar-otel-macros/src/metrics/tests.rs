//! Snapshots of the code that `#[metrics]` generates.

use quote::quote;

use super::metrics;
use crate::pretty::pretty;

#[test]
fn a_struct_is_known_as_a_service() {
    let generated = metrics(
        quote!(prefix = "api_gateway_", events = true),
        &quote! {
            struct ApiGatewayService<T>
            where
                T: Clone,
            {
                #[inject]
                db: T,
                #[metric_field]
                cache_hit_ratio: Gauge,
            }
        },
    );
    insta::assert_snapshot!(pretty(&generated));
}

#[test]
fn default_registers_the_metrics_of_fields() {
    let generated = metrics(
        quote!(prefix = "dht_", default),
        &quote! {
            struct DhtService<T> {
                storage: T,
                #[metric_field(description = "Replicas", unit = "1")]
                replication: Gauge,
                #[metric_field(name = "dht_latency", buckets = [0.1, 1])]
                latency: Timer,
            }
        },
    );
    insta::assert_snapshot!(pretty(&generated));
}

#[test]
fn an_impl_has_a_constant_owner() {
    let generated = metrics(
        quote!(prefix = "api_"),
        &quote! {
            impl Api<'_> {
                #[action]
                #[metrics(skip)]
                fn skipped(&self) {}

                #[action]
                fn get(&self) {
                    const __RUNAR_OTEL_METERED: () = ();
                }
            }
        },
    );
    insta::assert_snapshot!(pretty(&generated));
}
