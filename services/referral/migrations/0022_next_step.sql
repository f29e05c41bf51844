-- Whose turn it is may hang on more than the state: while results are available, it is the referrer's to take note of them, or the
-- provider's to report the rest. The timeline keeps it with each step, as it keeps the deadline. Steps of before, and such as a
-- program of before makes, have none: there the state alone says it.
ALTER TABLE referral_transition
    ADD COLUMN next_step text CHECK (next_step IN ('decide', 'provide-information', 'offer-place', 'book', 'see-patient', 'book-again',
        'report', 'acknowledge', 'answer-cancellation'));

-- How the reports of a referral stand all together, without those that were withdrawn: what must be read at once before what was not
-- read, and that before what is to come. In one place, for whoever reads a referral and whoever hears of a report.
CREATE FUNCTION results_of(referral uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN count(*) = 0 THEN 'none'
                WHEN bool_or(critical AND NOT acknowledged) THEN 'critical'
                WHEN NOT bool_and(acknowledged) THEN 'unread'
                WHEN bool_and(status IN ('final', 'amended', 'corrected')) THEN 'settled'
                ELSE 'partial' END
    FROM referral_report WHERE referral_id = referral AND status NOT IN ('cancelled', 'entered-in-error')
$$;
