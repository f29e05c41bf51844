# Ce que lisent les gens. Jamais un nom, jamais une donnée de santé.

weekday = { $weekday ->
    [1] lundi
    [2] mardi
    [3] mercredi
    [4] jeudi
    [5] vendredi
    [6] samedi
   *[7] dimanche
}
month = { $month ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
}
moment = { $weekday } { $day ->
    [1] 1er
   *[other] { $day }
} { $month } { $year } à { $time }

referral-submitted = Dossier { $number } : une nouvelle demande vous est adressée.
referral-moved-submitted = Dossier { $number } : les informations demandées sont là.
referral-moved-accepted = Dossier { $number } : la demande est acceptée.
referral-moved-awaiting-information = Dossier { $number } : on vous demande des informations.
referral-moved-waitlisted = Dossier { $number } : la demande est sur liste d’attente.
referral-moved-rejected = Dossier { $number } : la demande est refusée.
referral-moved-redirected = Dossier { $number } : la demande est réorientée.
referral-moved-cancel-requested = Dossier { $number } : l’annulation est demandée, à confirmer.
referral-moved-completed = Dossier { $number } : la demande est terminée.
referral-moved-failed = Dossier { $number } : la demande n’a pas pu aboutir.
referral-moved-expired = Dossier { $number } : la demande a expiré.
referral-moved-entered-in-error = Dossier { $number } : la demande était une erreur de saisie.
referral-undone = Dossier { $number } : la dernière étape est annulée.
referral-overdue = Dossier { $number } : la prochaine étape est en retard.
referral-offered-made = Dossier { $number } : une place s’est libérée et lui est réservée pour un temps ; la demande est à accepter.
referral-offered-lapsed = Dossier { $number } : personne n’a pris la place proposée ; la demande reste sur liste d’attente.
referral-offered-declined = Dossier { $number } : la place proposée est déclinée ; la demande reste sur liste d’attente.
referral-cancelled = Dossier { $number } : la demande est annulée.
glass-broken = Dossier { $number } : quelqu’un d’extérieur a ouvert le dossier.
appointment-moved-pending = Dossier { $number } : la convention ne dit pas encore si le rendez-vous du { $start } peut être pris.
appointment-moved-booked = Dossier { $number } : rendez-vous le { $start }.
appointment-moved-fulfilled = Dossier { $number } : le rendez-vous a eu lieu.
appointment-moved-noshow = Dossier { $number } : la personne n’est pas venue au rendez-vous du { $start }.
appointment-moved-entered-in-error = Dossier { $number } : le rendez-vous était une erreur de saisie.
appointment-cancelled = Dossier { $number } : le rendez-vous est annulé.
report-released = Dossier { $number } : un document vous attend.
critical-released = Dossier { $number } : un document à lire sans délai vous attend.
report-quarantined = Un document que vous avez envoyé est mis de côté : il ne correspond pas à sa demande.
report-acknowledged = Dossier { $number } : votre document a été pris en compte.
meter-threshold-named = Convention « { $name } », ligne { $reason } : { $state } % de ce qu’elle prévoit est réservé ou consommé.
meter-threshold = Ligne { $reason } d’une convention : { $state } % de ce qu’elle prévoit est réservé ou consommé.
delivery-failed = Dossier { $number } : un message n’a pas pu être envoyé ; prévenez la personne autrement.
delivery-parked = Dossier { $number } : un message n’a pas pu être envoyé malgré plusieurs essais.

mail-message-subject = Relais : un message vous attend ({ $number })
mail-message-body = Un message vous attend dans votre boîte de réception Relais, au sujet du dossier { $number }.
mail-digest-subject = Relais : { $count ->
    [one] un message vous attend
   *[other] { $count } messages vous attendent
}
mail-digest-body = { $count ->
    [one] Un message est arrivé
   *[other] { $count } messages sont arrivés
} dans votre boîte de réception Relais depuis le dernier courriel.
mail-reminder-subject = Rappel de rendez-vous
mail-reminder-body = Vous avez un rendez-vous le { $start }.
mail-stand-in-body = La personne du dossier { $number } a un rendez-vous le { $start }. Merci de le lui rappeler.
mail-phone = En cas d’empêchement, appelez le { $phone }.
