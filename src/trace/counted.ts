/** Numbers of things in words. */

/** '1 octet', '2 octets'. @param more of a word whose plural is another: '2 replies'. */
export function counted(count: number, one: string, more = `${one}s`): string {
  return `${count} ${count === 1 ? one : more}`
}
