require 'json'
require 'net/http'

base_url, key, path, content_type = ARGV
content = File.binread(path)

def send_request(uri, request)
  response = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == 'https') { |http| http.request(request) }
  abort "#{request.method}: #{response.code} #{response.body}" unless response.is_a?(Net::HTTPOK)
  response.body
end

ask_uri = URI("#{base_url}/v1/upload/s3")
ask = Net::HTTP::Post.new(ask_uri, 'Content-Type' => 'application/json', 'Authorization' => "Bearer #{key}")
ask.body = { filename: File.basename(path), contentType: content_type, size: content.bytesize }.to_json
asked = send_request(ask_uri, ask)

answer = JSON.parse(asked)
put_uri = URI(answer['uploadUrl'])
put = Net::HTTP::Put.new(put_uri, answer['headers'])
put.body = content
send_request(put_uri, put)
puts asked
