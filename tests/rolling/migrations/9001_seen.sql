-- Version 1: which appointments were told of, each with its referral as a name.
CREATE TABLE seen_appointment (
    appointment_id uuid     PRIMARY KEY,
    program        smallint NOT NULL,
    referral       text     NOT NULL
);
