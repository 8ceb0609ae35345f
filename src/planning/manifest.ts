import { optionsCode } from './options-code.js';
import type { Plan } from './plan.js';

/** Returns the Kubernetes manifest of a deployment with this plan, as YAML. */
export function manifestOf({ facts, options, terminationGracePeriodSeconds }: Plan): string {
  const { preStopMs = 0 } = options;
  return `# A NestJS service with nestjs-drain${preStopMs > 0 ? ' and a preStop sleep' : ''}.
# In code: ${optionsCode(options)}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
spec:
  replicas: 3
  strategy:
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  selector:
    matchLabels:
      app: orders
  template:
    metadata:
      labels:
        app: orders
    spec:
      # The time from the deletion of the pod to SIGKILL. The application uses all of it but 2 seconds.
${preStopMs > 0 ? `      # The sleep counts: ${preStopMs / 1_000} of these seconds are over before the application gets SIGTERM.\n` : ''}\
      terminationGracePeriodSeconds: ${terminationGracePeriodSeconds}
      containers:
        - name: orders
          # Its command is ["node", "dist/main.js"]: no npm, no shell.
          image: registry.example.com/orders:1.0.0
          ports:
            - name: http
              containerPort: 3000
          env:
            - name: NODE_ENV
              value: production
            - name: PORT
              value: '3000'
            # The same number as above: a container cannot find it out by itself.
            - name: TERMINATION_GRACE_PERIOD_SECONDS
              value: '${terminationGracePeriodSeconds}'
            # With a key there is a drain route; without one there is none.
            - name: DRAIN_AUTH_KEY
              valueFrom:
                secretKeyRef:
                  name: orders
                  key: drain-auth-key
                  optional: true
${preStopMs > 0 ? sleep(preStopMs) : ''}\
          startupProbe:
            httpGet:
              path: /healthz
              port: http
            periodSeconds: 2
            failureThreshold: 30
          readinessProbe:
            httpGet:
              path: /readyz
              port: http
            periodSeconds: ${facts.probePeriodMs / 1_000}
            failureThreshold: ${facts.failureThreshold}
          livenessProbe:
            httpGet:
              path: /healthz
              port: http
            periodSeconds: 10
            failureThreshold: 3
${preStopMs > 0 ? '' : '          # No preStop: the application announces the shutdown by itself, and serves requests meanwhile.\n'}`;
}

function sleep(preStopMs: number): string {
  return `\
          lifecycle:
            preStop:
              # The kubelet sleeps; the image needs neither a shell nor a sleep command.
              sleep:
                seconds: ${preStopMs / 1_000}
`;
}
