CREATE TABLE clinic (
    id TEXT PRIMARY KEY NOT NULL,
    now TEXT NOT NULL CHECK (now IS strftime('%Y-%m-%d %H:%M', now))
);
CREATE TABLE hours (
    days TEXT PRIMARY KEY NOT NULL,
    opens_at TEXT NOT NULL CHECK (opens_at IS strftime('%H:%M', opens_at)),
    closes_at TEXT NOT NULL CHECK (closes_at IS strftime('%H:%M', closes_at))
);
CREATE TABLE services (
    name TEXT PRIMARY KEY NOT NULL,
    called TEXT NOT NULL DEFAULT '',
    preparation TEXT NOT NULL
);
CREATE TABLE patients (
    number TEXT PRIMARY KEY NOT NULL CHECK (length(number) = 6),
    name TEXT NOT NULL,
    date_of_birth TEXT NOT NULL CHECK (date_of_birth IS date(date_of_birth))
);
CREATE TABLE appointments (
    id TEXT PRIMARY KEY NOT NULL,
    service TEXT NOT NULL REFERENCES services (name),
    starts_on TEXT NOT NULL CHECK (starts_on IS date(starts_on)),
    starts_at TEXT NOT NULL CHECK (starts_at IS strftime('%H:%M', starts_at)),
    patient_number TEXT REFERENCES patients (number) ON DELETE SET NULL
);
CREATE TABLE prescriptions (
    id TEXT PRIMARY KEY NOT NULL,
    patient_number TEXT NOT NULL REFERENCES patients (number) ON DELETE CASCADE,
    medicine TEXT NOT NULL,
    repeats_left INTEGER NOT NULL CHECK (repeats_left >= 0)
);
CREATE TABLE results (
    id TEXT PRIMARY KEY NOT NULL,
    patient_number TEXT NOT NULL REFERENCES patients (number) ON DELETE CASCADE,
    test TEXT NOT NULL,
    finding TEXT
);
