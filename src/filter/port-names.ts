/** Ports by the names of well-known services, as /etc/services has them. */

/** Name, port, and the protocols that it is assigned for: t(cp), u(dp), s(ctp). */
const SERVICES = `echo 7 tu discard 9 tu daytime 13 tu chargen 19 tu ftp-data 20 t ftp 21 t ssh 22 t telnet 23 t smtp 25 t
  time 37 tu whois 43 t tacacs 49 tu domain 53 tu bootps 67 u bootpc 68 u tftp 69 u gopher 70 t finger 79 t http 80 t
  kerberos 88 tu pop3 110 t sunrpc 111 tu auth 113 t nntp 119 t ntp 123 u netbios-ns 137 u netbios-dgm 138 u
  netbios-ssn 139 t imap2 143 t snmp 161 tu snmp-trap 162 tu bgp 179 t irc 194 tu ldap 389 tu https 443 tu
  microsoft-ds 445 tu isakmp 500 u syslog 514 u shell 514 t printer 515 t submission 587 t ldaps 636 tu domain-s 853 tu
  rsync 873 t imaps 993 t pop3s 995 t socks 1080 t openvpn 1194 tu ms-sql-s 1433 t mysql 3306 t postgresql 5432 t
  sip 5060 tu sips 5061 tu xmpp-client 5222 t mdns 5353 u amqp 5672 t x11 6000 t redis 6379 t http-alt 8080 tu`

export interface NamedPort {
  readonly port: number
  readonly protocols: readonly string[]
}

const PORTS = new Map<string, NamedPort>()
const words = SERVICES.trim().split(/\s+/)
const LETTERS: Readonly<Record<string, string>> = { t: 'tcp', u: 'udp', s: 'sctp' }
for (let k = 0; k < words.length; k += 3) {
  const protocols = Array.from(words[k + 2]!, (letter) => LETTERS[letter]!)
  PORTS.set(words[k]!, { port: Number(words[k + 1]), protocols })
}

export function portOfName(name: string): NamedPort | null {
  return PORTS.get(name) ?? null
}
