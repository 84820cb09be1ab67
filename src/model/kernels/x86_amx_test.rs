//! The tile unit's path, with plain code in place of the unit if there is none.

#![allow(clippy::disallowed_macros, reason = "a test says that it is skipped")]

use super::*;

/// The tile unit's computation, one number at a time.
struct Plain;

impl Multiplier for Plain {
    unsafe fn multiply(
        &self,
        weights: *const u8,
        inputs: [*const i8; 2],
        is_half: bool,
        sums: &mut Sums,
    ) {
        let n = if is_half { 16 } else { 32 };
        for (sums, rows) in sums.0.iter_mut().zip(inputs) {
            for (r, sums) in sums.iter_mut().enumerate() {
                for (c, sum) in sums.iter_mut().enumerate() {
                    // SAFETY: inside the lines and rows that the caller gives.
                    let products = (0..n).map(|i| unsafe {
                        let weight = *weights.add(i / 4 * 64 + 4 * c + i % 4) as i8;
                        i32::from(weight) * i32::from(*rows.add(r * BLOCK + i))
                    });
                    *sum = products.sum();
                }
            }
        }
    }
}

/// Everything except the assembly, if there is AVX-512; the assembly is compared with
/// AVX-512 before its first use ([`available`]).
#[test]
fn groups_of_rows_have_the_bits_of_the_vectors() {
    if !Isa::available().contains(&Isa::Avx512) {
        eprintln!("skipped: this processor has no AVX-512 VNNI");
        return;
    }
    let cpu = Cpu::new(1).unwrap().with_isa(Isa::Avx512);
    for format in [Format::Q8F16, Format::Q8F32, Format::Q8Min, Format::Q8Half] {
        let (packed, acts) = sample(format, &cpu);
        let (mut out, mut by_vector) = (TileOut::default(), TileOut::default());
        let tile = packed.tile(0);
        // SAFETY: the processor has AVX-512 VNNI (above); tile and rows are of one size.
        unsafe {
            by_vectors(format, tile, all_of(&acts), &mut by_vector);
            bytes_with(format, tile, all_of(&acts), &mut out, &Plain);
        }
        assert_eq!(out, by_vector, "{format:?}");
        assert!(by_vector.iter().flatten().any(|v| *v != 0.0));
    }
}

#[test]
fn the_comparison_before_its_first_use_can_tell() {
    if !Isa::available().contains(&Isa::Avx512) {
        eprintln!("skipped: this processor has no AVX-512 VNNI");
        return;
    }
    /// # Safety
    /// As for [`by_vectors`].
    unsafe fn wrong(format: Format, tile: &[u8], rows: TileRows<'_>, out: &mut TileOut) {
        // SAFETY: as the caller vouches.
        unsafe { by_vectors(format, tile, rows, out) };
        out[11][3] += 1.0;
    }
    assert!(agrees(by_vectors));
    assert!(!agrees(wrong));
}

#[test]
fn the_tile_unit_is_used_or_said_to_be_missing() {
    match available() {
        Ok(true) => assert!(Isa::available().contains(&Isa::Amx)),
        Ok(false) => eprintln!("skipped: this processor has no AMX"),
        Err(why) => panic!("{why}"),
    }
}
