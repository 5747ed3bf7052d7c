// jobs.ts
import { job } from 'workhorse'

export const add = job('add', (a: number, b: number) => a + b)
