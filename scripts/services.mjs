/**
 * Makes src/print/iana-services.ts, the names of ports, from a file in the form of services(5) that holds IANA's registry
 * (https://www.iana.org/assignments/service-names-port-numbers): Wireshark packages one, /usr/share/wireshark/services.
 *
 *     node scripts/services.mjs [FILE]
 */

import { readFileSync, writeFileSync } from 'node:fs'

const [source = '/usr/share/wireshark/services'] = process.argv.slice(2)
const names = { tcp: new Map(), udp: new Map() }

for (const line of readFileSync(source, 'utf8').split('\n')) {
  const [name, place] = line.replace(/#.*/, '').trim().split(/\s+/)
  if (place === undefined) continue
  const [ports, ...protocols] = place.split('/')
  const [first, last = first] = ports.split('-').map(Number)
  for (const protocol of protocols) {
    for (let port = first; port <= last; port++) {
      const known = names[protocol]
      if (known !== undefined && !known.has(port)) known.set(port, name)
    }
  }
}

/** `7:echo` or, where the port is one more than the one before, `echo`; `=` for the same name again. */
function packed(entries) {
  let before = 0
  let nameBefore = ''
  return [...entries]
    .sort(([a], [b]) => a - b)
    .map(([port, name]) => {
      const text = `${port === before + 1 ? '' : `${port - before}:`}${name === nameBefore ? '=' : name}`
      before = port
      nameBefore = name
      return text
    })
}

const ports = new Set([...names.tcp.keys(), ...names.udp.keys()])
const tcp = packed(names.tcp)
const udp = packed(
  [...ports]
    .filter((port) => names.tcp.get(port) !== names.udp.get(port))
    .map((port) => [port, names.udp.get(port) ?? '-']),
)

const WIDTH = 400
function lines(tokens) {
  const rows = ['']
  for (const token of tokens) {
    if (rows.at(-1).length + token.length > WIDTH) rows.push('')
    rows.push(`${rows.pop()}${token} `)
  }
  return rows.map((row) => row.trimEnd()).join('\n')
}

writeFileSync(
  new URL('../src/print/iana-services.ts', import.meta.url),
  `/**
 * IANA's service names (Service Name and Transport Protocol Port Number Registry, RFC 6335), as Wireshark 4.0 packages
 * them. Made by scripts/services.mjs; not to be edited.
 *
 * Words for ports in ascending order: \`7:echo\` is 7 ports above the word before, \`echo\` 1; \`=\` repeats the name.
 */

export const TCP_SERVICES = \`${lines(tcp)}\`

/** Where UDP differs from TCP; \`-\` is a port without a name. */
export const UDP_SERVICES = \`${lines(udp)}\`
`,
)
