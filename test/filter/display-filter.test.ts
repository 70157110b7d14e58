/** Display filters: errors with their places, and the frames that tshark shows by them. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { DisplayFilter } from '../../src/filter/display-filter.ts'
import { FilterError } from '../../src/filter/filter-error.ts'
import { Random } from '../../src/sim/random.ts'
import { FOLDER } from '../flows/wireshark-columns.ts'
import { randomDisplayFilter } from './random-display-filters.ts'
import { fileOf } from './tcpdump-oracle.ts'
import { differs, elkoShows, hasTshark, tsharkShows } from './tshark-oracle.ts'

function errorOf(expression: string): FilterError {
  try {
    new DisplayFilter(expression)
  } catch (error) {
    assert.ok(error instanceof FilterError)
    return error
  }
  assert.fail(`"${expression}" is no error`)
}

test('an error has the column of what is wrong and says what was expected there', () => {
  const wrong: [expression: string, column: number, reason: RegExp][] = [
    ['tcp.prt == 80', 1, /"tcp.prt" is no field that is known here; did you mean tcp.port\?/],
    ['ip and tcp.stram', 8, /did you mean tcp.stream\?/],
    ['tcp.port == 80 or', 18, /expected a field or a value, not the end/],
    ['tcp.port == ', 13, /not the end/],
    ['(tcp', 5, /expected "\)", not the end/],
    ['tcp)', 4, /expected "and", "or" or the end/],
    ['tcp.port == 70000', 13, /70000 is more than tcp.port can be: 65535/],
    ['ip.ttl > 256', 10, /256 is more than ip.ttl can be: 255/],
    ['tcp.port == "80"', 13, /expected a number, not "80"/],
    ['tcp.port == http', 13, /expected a number, not "http"/],
    ['ip.src == 10.0.0', 11, /expected an IPv4 address, not "10.0.0"/],
    ['ip.addr == 10.0.0.0/33', 12, /expected an IPv4 address/],
    ['ip.src == tcp.port', 11, /expected an IPv4 address/],
    ['tcp.analysis.retransmission == 1', 29, /a mark is there or not/],
    ['ip.ttl contains 1', 8, /searches in octets and strings/],
    ['tcp.payload matches "("', 21, /no regular expression/],
    ['tcp.payload matches get', 21, /expected a regular expression in quotes/],
    ['tcp contains "\\q"', 15, /expected an escape such as/],
    ['tcp contains "GET', 14, /expected " at the end/],
    ['tcp.srcport[0] == 0', 12, /only octets, addresses and strings have parts/],
    ['eth.src[a] == 0', 9, /expected a range such as 0:4, 1-2, :4 or 4:, not "a"/],
    ['eth.src[0 == 0', 8, /expected "\]" to what starts here/],
    ['tcp.port in {80 443}', 17, /expected "}", not "443"/],
    ['tcp.port in {}', 14, /expected a field or a value, not "}"/],
    ['lenn(tcp) > 1', 1, /there is no function "lenn"; did you mean len\?/],
    ['len(tcp.payload)', 1, /expected a comparison/],
    ['len(tcp.port) > 1', 1, /"len" takes octets or a string/],
    ['80 == tcp.port', 1, /expected a field or a function, not 80/],
    ['tcp.flags.syn == true', 18, /expected True or False/],
    ['tcp ^ ip', 5, /unexpected "\^"/],
    ['any tcp', 8, /expected a comparison, not the end/],
  ]
  for (const [expression, column, reason] of wrong) {
    const error = errorOf(expression)
    assert.match(error.reason, reason, expression)
    assert.equal(error.column, column, `${expression}: ${error.reason}`)
  }
})

test('what is too deep or too long is an error, and no end of the stack', () => {
  assert.match(errorOf('('.repeat(100_000)).reason, /more than 200 levels/)
  assert.match(errorOf('!'.repeat(100_000)).reason, /more than 200 levels/)
  assert.match(errorOf(`tcp.len == ${'{'.repeat(100_000)}`).reason, /more than 200 levels/)
  assert.match(errorOf(`tcp${' && tcp'.repeat(100_000)}`).reason, /more than 4096 conditions/)
})

const noOracle = !existsSync(join(FOLDER, 'MANIFEST.tsv'))
  ? `no captures in ${FOLDER}`
  : process.env.CI === 'true' || hasTshark
    ? false
    : 'tshark is not installed'

const CAPTURES = `PcapPlusPl-660be816-mysql.pcapng arkime-8e18b4c2-v6.pcap nDPI-07fb8231-smtp-starttls.pcap`
  .split(/\s+/)
  .map((name) => join(FOLDER, 'files', name))

/** Each way of saying something once. */
const FILTERS =
  `tcp.port == 25 && !(ip.src == 10.0.0.1);all tcp.port > 25;tcp.port !== 25;any ip.addr != 10.0.0.0/8;tcp.flags & 2;
  tcp.len + 1 > 5;max(tcp.srcport, tcp.dstport) > 1000;tcp.port in {25, 1000..2000};tcp.payload[0:4] == 45:48:4c:4f;
  tcp.payload contains "MAIL";tcp.payload matches r"^\\d{3}[ -]";eth.src[0:3] == eth.dst[0:3];frame.time_delta > 0.01;
  tcp.flags.syn == True or tcp.flags.fin;ip.addr#1 == 10.0.0.1;len(tcp.payload) > 20;count(ip.addr) > 1;icmpv6.type == 135;
  ipv6.addr == fe80::/10;tcp[0:2] == 00:19;frame[12:2] == 86:dd;tcp.flags.str contains "S";ip.proto == TCP;
  tcp.analysis.flags || tcp.analysis.ack_rtt > 0.05;vlan.id == 5 or udp.port in {53, 67..69};tcp.time_delta < 0.001 and tcp.len == 0;
  frame.time >= "2010-01-01 00:00:00";string(tcp.port) matches "^2";tcp.options.mss_val;not tcp or tcp.stream == 0`
    .split(';')
    .map((filter) => filter.trim())

/**
 * `ELKO_FILTERS=1000 ELKO_PROPERTY_SEED=7 node --test dist/test/filter/display-filter.test.js` tries all of them and so many
 * others: tshark takes a third of a second for each.
 */
const RANDOM_FILTERS = Number(process.env.ELKO_FILTERS ?? 6)
const FIXED = process.env.ELKO_FILTERS === undefined ? FILTERS.filter((_, k) => k % 2 === 0) : FILTERS
const SEED = Number(process.env.ELKO_PROPERTY_SEED ?? 9293)

test('filters show the frames that tshark shows', { skip: noOracle }, (t) => {
  const random = new Random(SEED)
  const filters = [...FIXED, ...Array.from({ length: RANDOM_FILTERS }, () => randomDisplayFilter(random))]
  const ours = CAPTURES.map((path) => elkoShows(fileOf(path), filters))
  let found = 0
  for (const [k, filter] of filters.entries()) {
    const n = k % CAPTURES.length
    const theirs = tsharkShows(CAPTURES[n]!, filter)
    assert.equal(differs(theirs, ours[n]![k]!), null, `${CAPTURES[n]}: ${filter}`)
    if (!('error' in theirs) && theirs.length > 0) found++
  }
  assert.ok(found > filters.length / 4, `${found} filters show frames`)
  t.diagnostic(`${filters.length} filters, ${found} of them with frames`)
})
