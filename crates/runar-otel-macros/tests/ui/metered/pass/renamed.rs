//! A crate that has no `runar_otel` of its own: it comes from another one's module.

#![deny(warnings)]
#![forbid(unsafe_code)]

mod shop {
    pub(crate) mod telemetry {
        pub(crate) use runar_otel_core as otel;
    }
}

use runar_otel_macros::metered;

#[metered(crate = crate::shop::telemetry::otel, labels = ["id"], until = "drop")]
fn numbers(id: u8) -> impl Iterator<Item = u8> {
    0..id
}

#[metered(crate = "runar_otel_core")]
async fn as_text(id: u8) -> Result<u8, std::fmt::Error> {
    Ok(id)
}

struct Orders;

impl Orders {
    #[metered(crate = runar_otel_core, ok_if = |id| *id > 0, fields(%id))]
    fn read(&self, id: u8) -> u8 {
        id
    }
}

fn main() {
    assert_eq!(numbers(2).count(), 2);
    assert_eq!(Orders.read(2), 2);
    drop(as_text(1));
}
