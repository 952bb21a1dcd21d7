//! Functions that the callers must be careful with.

#![deny(warnings)]
#![deny(unsafe_op_in_unsafe_fn)]

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::metered;

#[metered]
unsafe fn read(pointer: *const u8) -> u8 {
    unsafe { *pointer }
}

#[metered]
async unsafe fn read_later(number: &u8) -> u8 {
    let pointer: *const u8 = number;
    unsafe { *pointer }
}

#[metered]
unsafe extern "C" fn read_from_c(pointer: *const u8) -> u8 {
    unsafe { read(pointer) }
}

#[metered]
fn exit() -> ! {
    std::process::exit(0)
}

#[metered]
async fn run() -> ! {
    exit()
}

#[tokio::main(flavor = "current_thread")]
#[metered]
async fn main() {
    let number = 5;
    assert_eq!(unsafe { read(&number) }, 5);
    assert_eq!(unsafe { read_from_c(&number) }, 5);
    assert_eq!(unsafe { read_later(&number) }.await, 5);
    run().await
}
