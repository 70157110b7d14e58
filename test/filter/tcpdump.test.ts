/** Capture filters select the packets that tcpdump selects, of every kind of link layer among the public captures. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Random } from '../../src/sim/random.ts'
import { FOLDER } from '../flows/wireshark-columns.ts'
import { randomFilter } from './random-filters.ts'
import { difference, elkoSelects, fileOf, hasTcpdump } from './tcpdump-oracle.ts'

/** Ethernet, also with VLAN tags, PPPoE, ARP, fragments and IPv6; SLL, SLL2, NULL, PPP, C-HDLC, ARCNET, FDDI and bare IP. */
const CAPTURES =
  `PcapPlusPl-003ce0c1-sll2.pcap PcapPlusPl-45477b52-IcmpPackets.pcap PcapPlusPl-660be816-mysql.pcapng
  PcapPlusPl-5b1e1539-ipfragutil_ip_ids.pcap arkime-8e18b4c2-v6.pcap nDPI-2f18b9e5-BGP_Cisco_hdlc_slarp.pcap
  nDPI-7a368af9-kerberos_fuzz.pcapng nDPI-842ee7c3-BGP_redist.pcap tcpdump-7caa36cf-arcnet-rfc1051-arp-icmp-http.pcap
  nDPI-1cf2ee1a-4in6tunnel.pcap`
    .trim()
    .split(/\s+/)
    .map((name) => join(FOLDER, 'files', name))

const noOracle = !existsSync(join(FOLDER, 'MANIFEST.tsv'))
  ? `no captures in ${FOLDER}`
  : process.env.CI === 'true' || hasTcpdump
    ? false
    : 'tcpdump is not installed'

/** Each way of saying something once. */
const FILTERS =
  `tcp;udp;icmp;icmp6;ip;ip6;arp;rarp;sctp;igmp;pim;vrrp;esp;ah;stp;ipx;iso;netbeui;atalk;aarp;not tcp;tcp port 80;
  port 80 or 443;src port 80;dst port 179 and tcp;tcp src portrange 1-1024;portrange 20-25;port domain;tcp port http or https;
  not (port 80 or 443);tcp port (80 or 443);port 80 or not 443;host 10.0.0.1;net 10;net 10.0.0.0/8;net 192.168;
  net 10.0.0.0 mask 255.0.0.0;src or dst net 172.16.0.0/12;src and dst net 192.168;arp host 192.168.1.1;net fe80::/10;
  net ::/0;net 0.0.0.0/0;src host fe80::1;ip proto 6;ip proto \\tcp;ip6 proto \\udp;proto 17;ether proto 0x0800;
  ether proto \\arp;ether host 00:00:00:00:00:00;ether src 00-11-22-33-44-55;ether broadcast;multicast;ip broadcast;
  ip multicast;ip6 multicast;inbound;outbound;vlan;vlan 100;vlan and tcp;ip or vlan and tcp;mpls;mpls and ip;mpls and mpls;
  pppoes;pppoed;pppoes and tcp port 80;less 100;greater 1000;len > 500;tcp[13] == 2;
  tcp[tcpflags] & (tcp-syn|tcp-fin) != 0;ip[0] & 0xf != 5;ip[6:2] & 0x1fff != 0;ip6[6] == 6;
  icmp[icmptype] == icmp-echo;icmp6[icmp6type] >= icmp6-routersolicit;tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420;
  ip[2:2] - ((ip[0]&0xf)<<2) - ((tcp[12]&0xf0)>>2) != 0;tcp[4:4] > tcp[8:4];ether[0] & 1 = 0;ether[6:4] = ether[0:4];
  arp[6:2] = 1;len - 14 == ip[2:2];len % 2 == 1;-len < 4294967000;len ^ 1 > 100;1000 < len;1 = 1;1 = 2;len = len;
  tcp[1000] = 0;not tcp[1000] = 0;tcp or ip[1000:2] = 0;tcp[0xffffffff] = 1;ip[tcp[13]] = 1;10 / tcp[13] > 1;
  10 % (tcp[13] & 1) = 0;byte 12 > 7;lat or sca or decnet or moprc or mopdl;tcp && !port 80 || udp`
    .split(';')
    .map((filter) => filter.trim())

test('filters of every kind select what tcpdump selects', { skip: noOracle }, (t) => {
  let compared = 0
  const files = CAPTURES.map((path) => ({ path, file: fileOf(path) }))
  for (const [k, filter] of FILTERS.entries()) {
    // Each filter on four captures; the next filter on the next four.
    for (let n = 0; n < 4; n++) {
      const { path, file } = files[(k + 3 * n) % files.length]!
      assert.equal(difference(path, file, filter), null, `${path}: ${filter}`)
      compared++
    }
  }
  t.diagnostic(`${compared} selections`)
})

/** `ELKO_FILTERS=10000 ELKO_PROPERTY_SEED=7 node --test dist/test/filter/tcpdump.test.js` tries other ones, and more. */
const RANDOM_FILTERS = Number(process.env.ELKO_FILTERS ?? 200)
const SEED = Number(process.env.ELKO_PROPERTY_SEED ?? 9293)

test('filters by chance select what tcpdump selects', { skip: noOracle }, (t) => {
  const random = new Random(SEED)
  const files = CAPTURES.map((path) => ({ path, file: fileOf(path) }))
  let found = 0
  for (let k = 0; k < RANDOM_FILTERS; k++) {
    const filter = randomFilter(random)
    const { path, file } = random.pick(files)
    assert.equal(difference(path, file, filter), null, `${path}: ${filter}`)
    const ours = elkoSelects(file, filter)
    if (!('error' in ours) && ours.length > 0) found++
  }
  // What selects nothing would agree with anything that selects nothing.
  assert.ok(found > RANDOM_FILTERS / 8, `${found} filters select packets`)
  t.diagnostic(`${RANDOM_FILTERS} filters, ${found} of them with packets`)
})
