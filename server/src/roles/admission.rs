//! The part of the settings that the waiting room uses, at the start and at runtime.

use floodgate_admission::limits::Rate;
use floodgate_admission::{LimitSettings, PaceSettings, RoomSettings};
use floodgate_config::Settings;

pub(super) fn room_settings(settings: &Settings) -> RoomSettings {
    let admission = &settings.admission;
    let (per_minute, grace_ms) = (admission.pace_per_minute, admission.grace.as_millis());
    let pace = PaceSettings { per_minute, grace_ms };
    let (puzzle_level, puzzle_neighbours) = (admission.puzzle_level, admission.puzzle_neighbours);
    let entries_per_network = admission.entries_per_network;
    RoomSettings { pace, puzzle_level, puzzle_neighbours, entries_per_network }
}

pub(super) fn limit_settings(settings: &Settings) -> LimitSettings {
    let admission = &settings.admission;
    let rate = |per_second, burst| Rate { per_second, burst };
    LimitSettings {
        address: rate(admission.address_per_second, admission.address_burst),
        network: rate(admission.network_per_second, admission.network_burst),
        provider: rate(admission.provider_per_second, admission.provider_burst),
        device: rate(admission.device_per_second, admission.device_burst),
        keys_max: admission.keys_max,
    }
}
