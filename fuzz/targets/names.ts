/** The targets by name. Each is a file of this folder, loaded by name so that its copy can be instrumented. */

export const TARGET_NAMES = [
  'packet',
  'options',
  'storage',
  'connection',
  'stack',
  'capture',
  'listing',
  'frames',
  'filter',
  'diagnose',
  'drill',
  'python',
  'replay',
] as const

export type TargetName = (typeof TARGET_NAMES)[number]

export function isTargetName(name: string): name is TargetName {
  return (TARGET_NAMES as readonly string[]).includes(name)
}

/** The compiled module of a target, from dist/. */
export function entryOf(name: TargetName): string {
  return `fuzz/targets/${name}.js`
}
