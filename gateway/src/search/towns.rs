//! Where towns are, as whoever runs this installation wrote it down. An address says no
//! coordinates, and none are guessed from it.

/// Towns of a table; more are a mistake.
const TOWNS_MAX: usize = 100_000;
/// Half of the way around the Earth through its poles, in kilometres, divided by pi.
const EARTH_RADIUS_KM: f64 = 6_371.0;

/// Towns and where they are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Towns(Vec<Town>);

#[derive(Debug, Clone, PartialEq)]
struct Town {
    name: String,
    at: GeoPoint,
}

/// A place on the Earth, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct GeoPoint {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
}

impl GeoPoint {
    /// Reads `latitude,longitude`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (latitude, longitude) = text.split_once(',')?;
        let degrees = |text: &str, most: f64| {
            let degrees: f64 = text.trim().parse().ok()?;
            (degrees.abs() <= most).then_some(degrees)
        };
        let (latitude, longitude) = (degrees(latitude, 90.0)?, degrees(longitude, 180.0)?);
        Some(GeoPoint { latitude, longitude })
    }

    /// Along the surface.
    fn km_to(self, other: GeoPoint) -> f64 {
        let [a, b] = [self.latitude, other.latitude].map(f64::to_radians);
        let across = (other.longitude - self.longitude).to_radians();
        let half = |angle: f64| (angle / 2.0).sin().powi(2);
        let chord = half(b - a) + a.cos() * b.cos() * half(across);
        2.0 * EARTH_RADIUS_KM * chord.sqrt().clamp(0.0, 1.0).asin()
    }
}

impl Towns {
    /// Reads lines of `town,latitude,longitude` behind a header. `Err` says which line is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut towns = Vec::new();
        let lines = text.lines().enumerate().skip(1).filter(|(_, line)| !line.trim().is_empty());
        for (at, line) in lines {
            let wrong = || format!("line {}: want town,latitude,longitude", at + 1);
            let mut parts = line.rsplitn(3, ',');
            let (longitude, latitude) = (parts.next(), parts.next());
            let name = parts.next().map(|name| name.trim().trim_matches('"')).unwrap_or_default();
            let at = latitude
                .zip(longitude)
                .map(|(latitude, longitude)| GeoPoint::parse(&format!("{latitude},{longitude}")));
            let at = at.flatten().filter(|_| !name.is_empty()).ok_or_else(wrong)?;
            if towns.len() == TOWNS_MAX {
                return Err(format!("more than {TOWNS_MAX} towns"));
            }
            towns.push(Town { name: name.to_owned(), at });
        }
        Ok(Towns(towns))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names of those within so many kilometres, each with its distance.
    pub(crate) fn near(&self, from: GeoPoint, within_km: f64) -> Vec<(String, f64)> {
        let with_distance = self.0.iter().map(|town| (town.name.clone(), from.km_to(town.at)));
        with_distance.filter(|(_, km)| *km <= within_km).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn towns_are_found_by_distance() {
        let towns = Towns::parse("town,lat,lon\nKiel,54.32,10.14\n\n\"Oslo\",59.91,10.75\n");
        let towns = towns.expect("a table");
        let hamburg = GeoPoint::parse("53.55, 9.99").expect("a point");
        let near = towns.near(hamburg, 100.0);
        assert_eq!(near.len(), 1);
        assert!(near[0].0 == "Kiel" && (near[0].1 - 86.2).abs() < 1.0, "{near:?}");
        assert_eq!(towns.near(hamburg, 1_000.0).len(), 2);
    }

    #[test]
    fn what_is_no_place_is_refused() {
        assert_eq!(Towns::parse("town,lat,lon\nKiel,154,10"), Err(wrong(2)));
        assert_eq!(Towns::parse("town,lat,lon\nKiel,54,10\nOslo"), Err(wrong(3)));
        for text in ["", "1", "91,0", "0,181", "a,b", "NaN,1", "1,2,3"] {
            assert_eq!(GeoPoint::parse(text), None, "{text}");
        }
    }

    fn wrong(line: usize) -> String {
        format!("line {line}: want town,latitude,longitude")
    }
}
