// SPDX-License-Identifier: GPL-2.0-only

// v9u-smb2.js HOST USER PASSWORD - what every client does here, by way of npm's
// v9u-smb2, which never signs.
const SMB2 = require('v9u-smb2');

async function dialogue(share) {
	const data = Buffer.alloc(100000, 'v9u-smb2 ');
	await share.writeFile('v9u', data);
	if (!data.equals(await share.readFile('v9u'))) {
		throw new Error('read: not what was written');
	}
	if (await share.exists('missing')) {
		throw new Error('exists: a missing file is there');
	}
	await share.rename('v9u', 'v9u renamed');
	if (!(await share.readdir('')).includes('v9u renamed')) {
		throw new Error('list: the file is not there');
	}
	await share.unlink('v9u renamed');
}

const [host, username, password] = process.argv.slice(2);
const share = new SMB2({
	share: `\\\\${host}\\share`, domain: '', username, password, autoCloseTimeout: 0,
});
dialogue(share).then(() => process.exit(0), (error) => {
	console.log(error.message);
	process.exit(1);
});
