-- Who looks for the rows of an organisation says which one, and the policy says it again: the planner took both for
-- independent of each other, thought of a hundredth of the rows there are, and sorted all of them for one page. An expression
-- that it knows nothing of is guessed at a half. What is seen stays the same: no organisation, no rows.
ALTER POLICY seen ON referral_party USING (app_system() OR COALESCE(organisation_id = app_organisation(), false));
