import { describeBroker } from './broker-suite.ts'
import { redisOpener } from './redis-opener.ts'

describeBroker('Redis', redisOpener())
