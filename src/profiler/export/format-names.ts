export const PROFILE_FORMATS = ['svg', 'html', 'speedscope', 'cpuprofile', 'folded', 'pprof', 'json'] as const
export type ProfileFormat = (typeof PROFILE_FORMATS)[number]

/** How files of each format end. */
export const EXTENSIONS: Readonly<Record<ProfileFormat, string>> = {
  svg: '.svg',
  html: '.html',
  speedscope: '.speedscope.json',
  cpuprofile: '.cpuprofile',
  folded: '.folded',
  pprof: '.pb.gz',
  json: '.json',
}

/** The format that a file name asks for, longest ending first; undefined where it asks for none. */
export function formatOfFile(file: string): ProfileFormat | undefined {
  const endings = PROFILE_FORMATS.toSorted((a, b) => EXTENSIONS[b].length - EXTENSIONS[a].length)
  return endings.find((format) => file.endsWith(EXTENSIONS[format]))
}
