// enqueue.ts
import { add } from './jobs.ts'

const handle = await add.enqueue(2, 3)
console.log(await handle.result({ timeout: '1m' }))
