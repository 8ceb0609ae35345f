import { losesNothing } from './microservices.js';

losesNothing('custom');
