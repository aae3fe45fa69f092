// SPDX-License-Identifier: GPL-2.0-only
/* Words for reasons, and for what is done about them. */
#include "rules/reason.h"

static const char * const reason_names[SMBSIGN_REASON_NR] = {
#define X(id, name, words) [SMBSIGN_REASON_##id] = name,
	SMBSIGN_REASONS(X)
#undef X
};

static const char * const reason_words[SMBSIGN_REASON_NR] = {
#define X(id, name, words) [SMBSIGN_REASON_##id] = words,
	SMBSIGN_REASONS(X)
#undef X
};

static const char * const outcome_names[] = {
	[SMBSIGN_OUTCOME_REFUSED] = "refused",
	[SMBSIGN_OUTCOME_RESET] = "reset",
	[SMBSIGN_OUTCOME_AUDIT] = "audit",
	[SMBSIGN_OUTCOME_REQUIRED] = "required",
	[SMBSIGN_OUTCOME_EXCEPTED] = "excepted",
};

static const char * const outcome_words[] = {
	[SMBSIGN_OUTCOME_REFUSED] = "refused",
	[SMBSIGN_OUTCOME_RESET] = "reset after",
	[SMBSIGN_OUTCOME_AUDIT] = "would refuse",
	[SMBSIGN_OUTCOME_REQUIRED] = "policy=required would refuse",
	[SMBSIGN_OUTCOME_EXCEPTED] = "an exception lets in",
};

/**
 * smbsign_reason_name() - a reason in one word
 * @reason:	the reason
 *
 * Context: any.
 * Return: its name in /proc/net/smbsign.
 */
const char *smbsign_reason_name(enum smbsign_reason reason)
{
	return reason_names[reason];
}

/**
 * smbsign_reason_words() - a reason in words, for the log
 * @reason:	the reason
 *
 * Context: any.
 * Return: a few words.
 */
const char *smbsign_reason_words(enum smbsign_reason reason)
{
	return reason_words[reason];
}

/**
 * smbsign_outcome_name() - what is done about a request, in one word
 * @outcome:	what is done
 *
 * Context: any.
 * Return: its name in /proc/net/smbsign.
 */
const char *smbsign_outcome_name(enum smbsign_outcome outcome)
{
	return outcome_names[outcome];
}

/**
 * smbsign_outcome_words() - what is done about a request, for the log
 * @outcome:	what is done
 *
 * Context: any.
 * Return: a few words.
 */
const char *smbsign_outcome_words(enum smbsign_outcome outcome)
{
	return outcome_words[outcome];
}
