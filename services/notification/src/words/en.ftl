# What people read. Never a name, never health data.

weekday = { $weekday ->
    [1] Monday
    [2] Tuesday
    [3] Wednesday
    [4] Thursday
    [5] Friday
    [6] Saturday
   *[7] Sunday
}
month = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
moment = { $weekday } { $day } { $month } { $year } at { $time }

referral-submitted = Referral { $number }: it is addressed to you.
referral-moved-submitted = Referral { $number }: the information asked for is there.
referral-moved-accepted = Referral { $number }: it is accepted.
referral-moved-awaiting-information = Referral { $number }: you are asked for more information.
referral-moved-waitlisted = Referral { $number }: it is on the waiting list.
referral-moved-rejected = Referral { $number }: it is rejected.
referral-moved-redirected = Referral { $number }: it is redirected.
referral-moved-cancel-requested = Referral { $number }: its cancellation is asked for; confirm it.
referral-moved-completed = Referral { $number }: it is completed.
referral-moved-failed = Referral { $number }: it has failed.
referral-moved-expired = Referral { $number }: it has expired.
referral-moved-entered-in-error = Referral { $number }: it was entered in error.
referral-undone = Referral { $number }: its last step is taken back.
referral-overdue = Referral { $number }: its next step is overdue.
referral-offered-made = Referral { $number }: a place came free and is kept for it for some time; it is to be accepted.
referral-offered-lapsed = Referral { $number }: nobody took the place that was offered; it waits on.
referral-offered-declined = Referral { $number }: the place that was offered is declined; it waits on.
referral-cancelled = Referral { $number }: it is cancelled.
glass-broken = Referral { $number }: somebody who is no party opened its file.
appointment-moved-pending = Referral { $number }: the convention does not say yet whether the appointment on { $start } can be booked.
appointment-moved-booked = Referral { $number }: appointment on { $start }.
appointment-moved-fulfilled = Referral { $number }: the appointment was kept.
appointment-moved-noshow = Referral { $number }: the person did not come to the appointment on { $start }.
appointment-moved-entered-in-error = Referral { $number }: the appointment was entered in error.
appointment-cancelled = Referral { $number }: the appointment is cancelled.
report-released = Referral { $number }: a document waits for you.
critical-released = Referral { $number }: a document waits for you that must be read at once.
report-quarantined = A document that you sent is put aside: it does not fit what was asked for.
report-acknowledged = Referral { $number }: your document was taken note of.
meter-threshold-named = Convention “{ $name }”, line { $reason }: { $state } % of what it commits is reserved or used.
meter-threshold = Line { $reason } of a convention: { $state } % of what it commits is reserved or used.
delivery-failed = Referral { $number }: a message could not be sent; tell the person in another way.
delivery-parked = Referral { $number }: a message could not be sent, however often it was tried.

mail-message-subject = Relais: a message waits for you ({ $number })
mail-message-body = A message waits for you in your Relais inbox, about referral { $number }.
mail-digest-subject = Relais: { $count ->
    [one] one message waits
   *[other] { $count } messages wait
} for you
mail-digest-body = { $count ->
    [one] One message has
   *[other] { $count } messages have
} come into your Relais inbox since the last e-mail.
mail-reminder-subject = Reminder of an appointment
mail-reminder-body = You have an appointment on { $start }.
mail-stand-in-body = The person of referral { $number } has an appointment on { $start }. Please remind them of it.
mail-phone = If you cannot come, please call { $phone }.
