// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parser, fed with one frame: NBSS header and message.
 *
 * Every function gets a copy that ends where it was told the message ends, so
 * that ASan sees one byte too many.  How much of a request is shown and where a
 * message ends is cut by chance that depends on the input alone.
 */
#include "oracle/frame.h"
#include "target.h"

#define SPLITS		4
/* Requests of one frame that are looked at */
#define ELEMENTS	16

static void compare_elements(const struct smbsign_element *module,
			     const struct smbsign_element *oracle)
{
	SAME("command", module->command, oracle->command);
	SAME("flags", module->flags, oracle->flags);
	SAME("message_id", module->message_id, oracle->message_id);
	SAME("session_id", module->session_id, oracle->session_id);
	SAME("length", module->length, oracle->length);
	SAME("last", module->last, oracle->last);
	SAME("security_mode", module->security_mode, oracle->security_mode);
	SAME("setup_flags", module->setup_flags, oracle->setup_flags);
	SAME("ctl_code", module->ctl_code, oracle->ctl_code);
	SAME("credit_charge", module->credit_charge, oracle->credit_charge);
}

static void compare_offers(const struct smbsign_offer *module,
			   const struct smbsign_offer *oracle)
{
	SAME("capabilities", module->capabilities, oracle->capabilities);
	SAME("security_mode", module->security_mode, oracle->security_mode);
	SAME("dialects", module->dialects, oracle->dialects);
	SAME("guid", memcmp(module->guid, oracle->guid, 16), 0);
}

/* One request, of which @shown bytes are seen; true if it is sound. */
static bool element(const u8 *data, u32 shown, u32 left,
		    struct smbsign_element *element)
{
	struct smbsign_element oracle;
	u8 *head = exact_copy(data, shown);
	bool sound = !smbsign_frame_element(head, shown, left, element);

	SAME("element", sound, oracle_element(head, shown, left, &oracle));
	if (sound) {
		compare_elements(element, &oracle);
		HOLDS(element->length <= left);
		HOLDS(element->last || element->length < left);
		HOLDS(*smbsign_command_name(element->command));
	}
	free(head);
	return sound;
}

/* The same request with a NextCommand at an edge of what may be. */
static void other_next(const u8 *data, u32 shown, u32 left, u32 dice)
{
	const u32 edges[] = {
		1, 63, 64, 65, 66, 67, 71, 72, 73, left - 73, left - 67, left - 66,
		left - 65, (left - 66) & ~7, left - 1, left, left + 1, ~0U, ~7U,
		1U << 31,
	};
	u32 next = edges[dice % (sizeof(edges) / sizeof(*edges))];
	struct smbsign_element other;
	u8 *copy = exact_copy(data, shown);

	memcpy(copy + 20, &next, sizeof(next));
	element(copy, shown, left, &other);
	free(copy);
}

static bool whole_element(const u8 *data, u32 left,
			  struct smbsign_element *whole)
{
	struct smbsign_element cut;
	u32 needed, salt;
	bool sound;

	if (left < 64)
		return element(data, left, left, whole);
	needed = smbsign_frame_head_needed((const void *)data, left);
	SAME("head_needed", needed, oracle_head_needed(data, left));
	HOLDS(needed <= SMBSIGN_HEAD_SIZE && needed <= left);
	sound = element(data, left, left, whole);
	/* What was asked for is enough. */
	SAME("element of a head", element(data, needed, left, &cut), sound);
	if (sound)
		compare_elements(&cut, whole);
	for (salt = 0; salt < SPLITS; salt++) {
		u32 end = chance(data, left, salt) % (left + 1);

		element(data, chance(data, left, ~salt) % (needed + 1), left, &cut);
		element(data, end, end, &cut);
		other_next(data, needed, left, chance(data, left, salt + SPLITS));
	}
	return sound;
}

static void elements(const u8 *data, u32 left)
{
	struct smbsign_element e;
	int count;

	for (count = 0; count < ELEMENTS; count++) {
		if (!whole_element(data, left, &e) || e.last)
			break;
		data += e.length;
		left -= e.length;
	}
}

/* A message that was encrypted by a session: all of it is sound, or nothing. */
static void decrypted(const u8 *message, u32 length, u64 session_id)
{
	struct smbsign_decrypted d = {
		.message = message, .left = length, .session_id = session_id,
	};
	struct oracle_ids ids[ORACLE_REQUESTS];
	struct smbsign_element e;
	u32 expected, count;
	bool sound;
	int ret;

	sound = oracle_decrypted(message, length, session_id, ids, &expected);
	for (count = 0; (ret = smbsign_frame_decrypted(&d, &e)) > 0; count++) {
		HOLDS(d.message + d.left == message + length);
		if (count >= ORACLE_REQUESTS || count >= expected)
			continue;
		SAME("message_id", e.message_id, ids[count].message_id);
		SAME("credit_charge", e.credit_charge, ids[count].charge);
		SAME("command", e.command, ids[count].command);
	}
	SAME("decrypted", !ret, sound);
	SAME("requests", count, expected);
	/* It stays at its end, or at what is none. */
	SAME("decrypted again", smbsign_frame_decrypted(&d, &e), ret);
}

/* Encrypted by the session that it names, and by others. */
static void decrypted_by(const u8 *data, u32 length)
{
	u8 *message = exact_copy(data, length);
	u64 id = 0;

	if (length >= 48)
		memcpy(&id, message + 40, sizeof(id));
	decrypted(message, length, id);
	decrypted(message, length, id ^ 1);
	decrypted(message, length, ~0ULL);
	free(message);
}

static void offer(const u8 *message, u32 length)
{
	struct smbsign_contexts contexts, oracle_says;
	struct smbsign_offer said, oracle;
	unsigned int i;
	bool sound;

	sound = !smbsign_frame_offer(message, length, &said, &contexts);
	SAME("offer", sound,
	     oracle_offer(message, length, &oracle, &oracle_says));
	if (!sound)
		return;
	compare_offers(&said, &oracle);
	SAME("malformed", contexts.malformed, oracle_says.malformed);
	if (contexts.malformed)
		return;
	SAME("preauth", contexts.preauth, oracle_says.preauth);
	SAME("algorithms", contexts.algorithms, oracle_says.algorithms);
	SAME("GMAC", contexts.gmac, oracle_says.gmac);
	for (i = 0; i < SMB2_SIGNING_COUNT; i++) {
		if (oracle_says.offered[i] != 0xffff)
			SAME("offered", contexts.offered[i],
			     oracle_says.offered[i]);
	}
}

static void validate(const u8 *message, u32 length)
{
	struct smbsign_offer said, oracle;
	bool sound = !smbsign_frame_validate(message, length, &said);

	SAME("validate", sound, oracle_validate(message, length, &oracle));
	if (sound)
		compare_offers(&said, &oracle);
	SAME("validated", smbsign_frame_validated(message, length),
	     oracle_validated(message, length));
}

static void negotiated(const u8 *message, u32 length)
{
	struct smbsign_negotiated out, oracle;
	bool sound = !smbsign_frame_negotiated(message, length, &out);

	SAME("algorithm", smbsign_frame_algorithm(message, length),
	     oracle_algorithm(message, length));
	SAME("compression", smbsign_frame_compression(message, length),
	     oracle_compression(message, length));
	SAME("negotiated", sound, oracle_negotiated(message, length, &oracle));
	if (!sound)
		return;
	SAME("dialect", out.dialect, oracle.dialect);
	SAME("security_mode", out.security_mode, oracle.security_mode);
	SAME("algorithm", out.algorithm, oracle.algorithm);
	SAME("capabilities", out.capabilities, oracle.capabilities);
	SAME("encryption", out.encryption, oracle.encryption);
	SAME("compression", out.compression, oracle.compression);
}

/* What is made of a message that ends here. */
static void bodies(const u8 *data, u32 length)
{
	u8 *message = exact_copy(data, length);

	offer(message, length);
	validate(message, length);
	negotiated(message, length);
	SAME("smb1_upgrades", smbsign_frame_smb1_upgrades(message, length),
	     oracle_smb1_upgrades(message, length));
	free(message);
}

static void frame_length(const u8 *nbss)
{
	u32 module = 0, oracle = 0;
	bool sound = !smbsign_frame_length(nbss, &module);

	SAME("keepalive", smbsign_frame_is_keepalive(nbss), oracle_keepalive(nbss));
	SAME("frame_length", sound, oracle_length(nbss, &oracle));
	if (sound)
		SAME("length", module, oracle);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	__le32 protocol_id;

	if (size < SMB2_NBSS_SIZE)
		return 0;
	frame_length(data);
	data += SMB2_NBSS_SIZE;
	size -= SMB2_NBSS_SIZE;
	if (size >= sizeof(protocol_id)) {
		memcpy(&protocol_id, data, sizeof(protocol_id));
		SAME("kind", smbsign_frame_kind_of(protocol_id), oracle_kind(data));
	}
	elements(data, size);
	bodies(data, size);
	bodies(data, chance(data, size, 1) % (size + 1));
	decrypted_by(data, size);
	decrypted_by(data, chance(data, size, 2) % (size + 1));
	return 0;
}
