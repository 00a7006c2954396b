/** `npm start`: the server alone, without the command line. */
import { serve } from './serve.js'

serve()
