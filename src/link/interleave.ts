/** The order in which the addresses of a name are tried. */

/** RFC 8305 4: versions of IP in turn, each in its own order; that of the first address begins. */
export function interleave<T>(addresses: readonly T[], versionOf: (address: T) => 4 | 6): T[] {
  const [first] = addresses
  if (first === undefined) return []
  const isFirst = (address: T): boolean => versionOf(address) === versionOf(first)
  const preferred = addresses.filter(isFirst)
  const others = addresses.filter((address) => !isFirst(address))
  const turns = Array.from({ length: Math.max(preferred.length, others.length) }, (_, i) => i)
  return turns.flatMap((i) => [...preferred.slice(i, i + 1), ...others.slice(i, i + 1)])
}
