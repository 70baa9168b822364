"""The law and the diary: requests, hearings, people, permissions. Knows no media, no HTTP and no clock.

Where to look, by subject (a test keeps this list whole):

law          reference law law_rows law_effects law_checks law_profile lines legal_bases binding footings needs
             manner channels overlays consents refusal_rules
request      requests request_fields request_rules request_answers request_log request_queries completeness priority
             sending translations attachments person_consents consent_answers consultations informal directory glossary
             next_steps worklist
diary        clocks wall_times calendars court_periods resources rest interpreters bookings comfort slots availability
             offers terms diary diary_queries hearing_days court_times day_law adjournments tzdata_check docket
             docket_model docket_gathering
agreement    sites profiles site_details outcomes formats negotiation negotiation_input negotiation_words equipment
             agreement_facts agreements line_tests speech_quality conditions room_rules
people       actors staff roles logins links participants seats permissions permission_table
sitting      sittings sound_checks fingerprints recordings events recorded_acts languages
minutes      minutes minutes_facts minutes_gathering minutes_draft minutes_sections minutes_course minutes_people
             minutes_acts minutes_phrases minutes_text minutes_document passages reservations
signatures   bech32 keys signing_keys proofs signatures statement_bodies
documents    documents document_words request_document glyphs pdf_seals pdf_check bags case_export
outward      api_clients views happened notices mail_words outbox webhooks invitations calendar_files feeds claims
ground       db errors sentences ids queries pages status moves texts
"""
