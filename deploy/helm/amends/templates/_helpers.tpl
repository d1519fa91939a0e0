{{- define "amends.name" -}}
{{- $name := ternary .Release.Name (printf "%s-amends" .Release.Name) (contains "amends" .Release.Name) -}}
{{ $name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "amends.selector" -}}
app.kubernetes.io/name: amends
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "amends.labels" -}}
{{ include "amends.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "amends.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- /* kubelet's own gRPC probe speaks no TLS: with TLS the image's client asks instead. */}}
{{- define "amends.probe" -}}
{{- if .root.Values.tls.secretName -}}
exec:
  command:
    - amends
    - probe
    - {{ .service }}
    - --target=localhost:50051
    - --timeout=3
    - --tls
    - --tls-root=/etc/amends/tls/ca.crt
    {{- if .root.Values.tls.clientAuth }}
    - --tls-cert=/etc/amends/tls/tls.crt
    - --tls-key=/etc/amends/tls/tls.key
    {{- end }}
{{- else -}}
grpc: {port: 50051, service: {{ .service }}}
{{- end }}
{{- end }}

{{- define "amends.teaching" -}}
{{- if .Values.exemplars }}
exemplars.yaml: |
  {{- .Values.exemplars | nindent 2 }}
{{- end }}
{{- range $file, $text := .Values.customSteps }}
{{ $file }}: |
  {{- $text | nindent 2 }}
{{- end }}
{{- if .Values.reference }}
reference: |  # no .json: those are custom steps
  {{- .Values.reference | nindent 2 }}
{{- end }}
{{- end }}

{{- /* The paths of what tenants bring, one a line. */}}
{{- define "amends.tenantFiles" -}}
{{- range $name, $own := .Values.tenants }}
{{ $name }}/tenant.yaml
{{- range $file, $_ := $own.playbooks }}
{{ $name }}/playbooks/{{ $file }}
{{- end }}
{{- if $own.exemplars }}
{{ $name }}/exemplars.yaml
{{- end }}
{{- range $file, $_ := $own.customSteps }}
{{ $name }}/steps/{{ $file }}
{{- end }}
{{- range $file, $_ := $own.candidateSteps }}
{{ $name }}/shadow_steps/{{ $file }}
{{- end }}
{{- end }}
{{- end }}

{{- /* What of the tenants is read at start. */}}
{{- define "amends.tenantTeaching" -}}
{{- range $name, $own := .Values.tenants }}
{{ $name }}: {{ omit $own "playbooks" | toJson }}
{{- end }}
{{- end }}

{{- /* A whole number without an exponent: Helm reads each as a float. */}}
{{- define "amends.number" -}}
{{ if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}
