import { spawn } from 'node:child_process'
import { root } from './root.mjs'

/** Things to be done at the same time. What one of them prints is shown when it ends, under its name. */
export class Steps {
  #failed = false

  /**
   * Runs this Node with a script of the project or of one of its dependencies.
   * @returns whether it went well
   */
  node(name, script, ...args) {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
      let output = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text) => {
          output += text
        })
      }
      child.once('error', (error) => {
        output += `${script} could not be started: ${error.message}\n`
      })
      child.once('close', (code) => {
        process.stdout.write(`\n> ${name}\n${output}`)
        if (code !== 0) this.#failed = true
        resolve(code === 0)
      })
    })
  }

  /** Ends this process where one of them went wrong; all of them have told by then. */
  async end(...steps) {
    await Promise.all(steps)
    if (this.#failed) process.exit(1)
  }
}
