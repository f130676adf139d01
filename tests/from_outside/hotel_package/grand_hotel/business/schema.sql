CREATE TABLE hours (
    name TEXT PRIMARY KEY NOT NULL,
    opens_at TEXT NOT NULL,
    closes_at TEXT NOT NULL
);
CREATE TABLE bookings (
    number TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    begins_on TEXT NOT NULL CHECK (begins_on IS date(begins_on)),
    kept_until TEXT NOT NULL DEFAULT '18:00',
    status TEXT NOT NULL DEFAULT 'booked' CHECK (status IN ('booked', 'cancelled'))
);
