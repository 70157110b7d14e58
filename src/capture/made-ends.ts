/** Addresses and ports for the names in a listing: those of a documentation range where the listing has only a name. */

import { Address, formatAddress, parseAddress } from '../wire/address.ts'
import { MAPPED_PREFIX } from '../wire/ip-header.ts'
import type { CaptureNotes } from './capture-notes.ts'

/** RFC 5737 3, and behind them RFC 2544's range for benchmarks: first address and how many. */
const RANGES_V4 = [
  [0xc0000201, 254],
  [0xc6336401, 254],
  [0xcb007101, 254],
  [0xc6120001, 131_070],
] as const
/** RFC 3849: 2001:db8::/32. */
const DOCUMENTATION_V6 = 0x20010db8
const MOST_MADE = 131_832
/** Made-up ports begin where IANA's dynamic ones do. */
const FIRST_MADE_PORT = 49_152
const MOST_PORTS = 0xffff - FIRST_MADE_PORT

/** Names of ports as tcpdump prints them without -n, of protocols over TCP that captures are full of. */
const PORTS: Readonly<Record<string, number>> = {
  echo: 7,
  discard: 9,
  daytime: 13,
  chargen: 19,
  'ftp-data': 20,
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  mail: 25,
  time: 37,
  whois: 43,
  nicname: 43,
  tacacs: 49,
  domain: 53,
  gopher: 70,
  finger: 79,
  http: 80,
  www: 80,
  kerberos: 88,
  pop3: 110,
  sunrpc: 111,
  rpcbind: 111,
  auth: 113,
  ident: 113,
  nntp: 119,
  'netbios-ns': 137,
  'netbios-ssn': 139,
  imap: 143,
  imap2: 143,
  bgp: 179,
  ldap: 389,
  https: 443,
  'microsoft-ds': 445,
  submissions: 465,
  exec: 512,
  login: 513,
  shell: 514,
  printer: 515,
  rtsp: 554,
  submission: 587,
  ipp: 631,
  ldaps: 636,
  rsync: 873,
  imaps: 993,
  pop3s: 995,
  socks: 1080,
  openvpn: 1194,
  'ms-sql-s': 1433,
  pptp: 1723,
  mqtt: 1883,
  nfs: 2049,
  mysql: 3306,
  'ms-wbt-server': 3389,
  sip: 5060,
  'xmpp-client': 5222,
  postgresql: 5432,
  amqp: 5672,
  x11: 6000,
  redis: 6379,
  'http-alt': 8080,
  webcache: 8080,
  'https-alt': 8443,
}

/** A port by its name; null: unknown. */
export type PortOf = (name: string) => number | null

export class MadeEnds {
  readonly #notes: CaptureNotes
  readonly #portOf: PortOf
  readonly #addresses = new Map<string, Address>()
  readonly #ports = new Map<string, number>()
  readonly #made = { 4: 0, 6: 0 }
  #madePorts = 0

  constructor(notes: CaptureNotes, portOf: PortOf = () => null) {
    this.#notes = notes
    this.#portOf = portOf
  }

  /** The address that the text is, or one that stands for the name; null where there are too many names. */
  address(host: string, version: 4 | 6): Address | null {
    // A zone (RFC 4007 11) tells where the address is meant; packets do not carry it.
    const zone = host.indexOf('%')
    const parsed = parseAddress(zone < 0 ? host : host.slice(0, zone))
    if (parsed !== null) return parsed.version === version ? parsed : null
    const key = `${version} ${host}`
    const known = this.#addresses.get(key)
    if (known !== undefined) return known
    if (this.#made[version] === MOST_MADE) return null
    const made =
      version === 4 ? madeV4(this.#made[4]) : new Address(6, DOCUMENTATION_V6, 0, 0, this.#made[6] + 1)
    this.#made[version]++
    this.#addresses.set(key, made)
    const text = formatAddress(made)
    this.#notes.addName(text, host)
    this.#notes.say(`"${host}" stands without an address: ${text} takes its place`)
    return made
  }

  port(text: string): number | null {
    if (/^\d+$/.test(text)) return Number(text) <= 0xffff ? Number(text) : null
    const known = this.#portOf(text) ?? (Object.hasOwn(PORTS, text) ? PORTS[text]! : this.#ports.get(text))
    if (known !== undefined) return known
    if (this.#madePorts === MOST_PORTS) return null
    const made = FIRST_MADE_PORT + this.#madePorts++
    this.#ports.set(text, made)
    this.#notes.say(`the port "${text}" is none that is known: ${made} takes its place`)
    return made
  }
}

function madeV4(index: number): Address {
  let rest = index
  for (const [first, count] of RANGES_V4) {
    if (rest < count) return new Address(4, 0, 0, MAPPED_PREFIX, first + rest)
    rest -= count
  }
  throw new RangeError(`no address of documentation for name ${index}`)
}
