#!/usr/bin/env node
import { packageVersion } from '../support/package-version.ts'
import { renderHelp } from './help.ts'
import { parseCommandLine } from './parse-command-line.ts'
import { reportError } from './report-error.ts'

// A reader that has seen enough (`workhorse jobs list | head`) is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: Error & { code?: string }) => {
    if (error.code !== 'EPIPE') throw error
    if (stream === process.stdout) process.exit(0)
  })
}

async function main(): Promise<number> {
  const line = parseCommandLine(process.argv.slice(2))
  switch (line.type) {
    case 'version':
      process.stdout.write(`${packageVersion()}\n`)
      return 0
    case 'help':
      process.stdout.write(renderHelp(line.topic))
      return 0
    case 'run':
      return line.command.run(line.invocation)
  }
}

/** What was written to a pipe may still wait for its reader. */
async function flush(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => stream.write('', () => resolve()))
}

const exitCode = await main().catch(reportError)
await Promise.all([flush(process.stdout), flush(process.stderr)])
// Jobs files may have opened what would keep this process alive (a pool, a timer): when a command is done, it is done.
process.exit(exitCode)
