/** What kernel tests ask of a capture: tshark with every checksum verified, and numbers out of it. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'

const PREFERENCES = [
  'ip.check_checksum:TRUE',
  'tcp.check_checksum:TRUE',
  'tcp.relative_sequence_numbers:TRUE',
]

/** The `fields` of each packet of `file` that matches the display filter, one array per packet. */
export async function tsharkFields(
  file: string,
  filter: string,
  fields: readonly string[],
): Promise<string[][]> {
  const args = ['-n', '-r', file, '-Y', filter, '-T', 'fields']
  for (const preference of PREFERENCES) args.push('-o', preference)
  for (const field of fields) args.push('-e', field)
  const child = spawn('tshark', args)
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`tshark ${args.join(' ')}: exit ${code}\n${Buffer.concat(err)}`)
  const text = Buffer.concat(out).toString()
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  return lines.map((line) => line.split('\t'))
}

/** How many packets match. */
export const countPackets = async (file: string, filter: string): Promise<number> =>
  (await tsharkFields(file, filter, ['frame.number'])).length

/** Any wrong IPv4, TCP, UDP, ICMP or ICMPv6 checksum. */
export const BAD_CHECKSUM =
  'ip.checksum.status == "Bad" or tcp.checksum.status == "Bad" or udp.checksum.status == "Bad" or ' +
  'icmp.checksum.status == "Bad" or icmpv6.checksum.status == "Bad"'

export const RETRANSMISSION = 'tcp.analysis.retransmission or tcp.analysis.fast_retransmission'
