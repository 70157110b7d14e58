/** Ports and protocols by name, as IANA registered them (RFC 6335), and the three ranges that ports are in. */

import { TCP_SERVICES, UDP_SERVICES } from './iana-services.ts'

const tables: { tcp: Map<number, string> | null; udp: Map<number, string> | null } = { tcp: null, udp: null }

/** The service that a port is registered for; undefined where there is none. */
export function portName(port: number, protocol: 'tcp' | 'udp'): string | undefined {
  tables.tcp ??= unpacked(TCP_SERVICES, new Map())
  if (protocol === 'tcp') return tables.tcp.get(port)
  tables.udp ??= unpacked(UDP_SERVICES, tables.tcp)
  return tables.udp.get(port)
}

/** A copy of a table with the words of another above it (iana-services.ts says how they are packed). */
function unpacked(words: string, below: ReadonlyMap<number, string>): Map<number, string> {
  const table = new Map(below)
  let port = 0
  let name = ''
  for (const word of words.split(/\s/)) {
    const colon = word.indexOf(':')
    port += colon < 0 ? 1 : Number(word.slice(0, colon))
    const given = word.slice(colon + 1)
    if (given !== '=') name = given
    if (name === '-') table.delete(port)
    else table.set(port, name)
  }
  return table
}

/** The ranges of RFC 6335 6: who gives a port away. */
export function portRange(port: number): 'well-known' | 'registered' | 'dynamic' {
  if (port < 1024) return 'well-known'
  return port < 49_152 ? 'registered' : 'dynamic'
}

const PROTOCOLS = (
  'hopopt icmp igmp ggp ipencap st tcp cbt egp igp bbn-rcc-mon nvp-ii pup argus emcon xnet chaos udp mux dcn-meas hmp ' +
  'prm xns-idp trunk-1 trunk-2 leaf-1 leaf-2 rdp irtp iso-tp4 netblt mfe-nsp merit-inp dccp 3pc idpr xtp ddp idpr-cmtp ' +
  'tp++ il ipv6 sdrp ipv6-route ipv6-frag idrp rsvp gre dsr bna esp ah i-nlsp swipe narp mobile tlsp skip ipv6-icmp ' +
  'ipv6-nonxt ipv6-opts - cftp - sat-expak kryptolan rvd ippc - sat-mon visa ipcv cpnx rspf wsn pvp br-sat-mon sun-nd ' +
  'wb-mon wb-expak iso-ip vmtp secure-vmtp vines ttp nsfnet-igp dgp tcf eigrp ospf sprite-rpc larp mtp ax.25 ipip micp ' +
  'scc-sp etherip encap - gmtp ifmp pnni pim aris scps qnx a/n ipcomp snp compaq-peer ipx-in-ip vrrp pgm - l2tp ddx ' +
  'iatp stp srp uti smp sm ptp isis fire crtp crudp sscopmce iplt sps pipe sctp fc rsvp-e2e-ignore mobility-header ' +
  'udplite mpls-in-ip manet hip shim6 wesp rohc'
).split(' ')

/** IANA's keyword for what an IP header announces; undefined where there is none. */
export function protocolName(protocol: number): string | undefined {
  const name = PROTOCOLS[protocol]
  return name === '-' ? undefined : name
}
